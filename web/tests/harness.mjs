// A demonstration home in a folder of its own, the built server over it, and a browser that can use
// passkeys. Nothing here waits for a time: it waits for what is to come, and gives up after a while.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");

/** The program under test. */
export const program = process.env.STANDING_BIN ?? path.join(target, "debug/standing");
/** Where pictures of pages are kept for people to look at. */
export const pictures = path.join(target, "screenshots");
/** After so many milliseconds, what was waited for is not coming. */
export const PATIENCE = 20_000;

/** A TCP port that nobody uses. */
export async function freePort() {
  const socket = createServer().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

/** Runs the program to its end and gives its standard output. */
export async function run(...words) {
  const env = { ...process.env, STANDING_ACTOR: "Tester" };
  return (await promisify(execFile)(program, words, { env })).stdout;
}

/** The server over a demonstration home of its own. */
export class Served {
  /**
   * @param {{settings?: (url: string) => Promise<string>}} options `settings`: what to add to standing.toml,
   *   once the server's URL is known. `make`: lays out another home than the demonstration.
   */
  static async demo({ settings, make } = {}) {
    const served = new Served();
    served.folder = await mkdtemp(path.join(tmpdir(), "standing-web-"));
    served.home = path.join(served.folder, "firm");
    served.port = await freePort();
    served.url = `http://localhost:${served.port}`;
    await (make ? make(served.home, served.url) : run("demo", "--quiet", "--dir", served.home));
    if (settings) {
      await appendFile(path.join(served.home, "standing.toml"), `\n${await settings(served.url)}\n`);
    }
    await served.start();
    return served;
  }

  async start() {
    const words = ["serve", "--dir", this.home, "--listen", `127.0.0.1:${this.port}`];
    this.process = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    this.said = [];
    const ended = once(this.process, "exit");
    createInterface({ input: this.process.stderr }).on("line", (line) => this.said.push(line));
    const lines = createInterface({ input: this.process.stdout });
    const link = new Promise((found) => {
      lines.on("line", (line) => {
        this.said.push(line);
        const [shown] = line.match(/http\S+\/join\/\S+/) ?? [];
        if (shown) found(shown);
      });
    });
    const failed = ended.then(([code]) => {
      throw new Error(`the server ended with ${code}:\n${this.said.join("\n")}`);
    });
    failed.catch(() => {});
    this.ended = ended;
    this.link = () => within(Promise.race([link, failed]), "the set-up link");
    await within(Promise.race([this.ready(), failed]), "the server to be ready");
  }

  async ready() {
    for (;;) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((next) => setTimeout(next, 20));
    }
  }

  /** Lets the proof that each session's holder gave be ten minutes older than it is. */
  async age() {
    const table = path.join(this.home, ".standing/sessions.sqlite");
    const older = [
      "import sqlite3, sys",
      "sessions = sqlite3.connect(sys.argv[1])",
      'sessions.execute("update session set proven_at = proven_at - 600")',
      "sessions.commit()",
    ];
    await promisify(execFile)("python3", ["-c", older.join("\n"), table]);
  }

  /** Ends the server as its keeper would. */
  async stop() {
    this.process.kill("SIGTERM");
    await within(this.ended, "the server to end");
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What comes, or a failure that names what did not. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited in vain for ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Debian's Chromium with a profile of its own that talks to nobody. */
export async function browse() {
  return chromium.launch({
    executablePath: await which("chromium"),
    headless: true,
    timeout: PATIENCE,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--force-color-profile=srgb",
      "--lang=en-GB",
    ],
  });
}

async function which(tool) {
  const found = await promisify(execFile)("sh", ["-c", `command -v ${tool}`]);
  return found.stdout.trim();
}

/** A context of its own: other cookies, other keys. */
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/London",
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

/** A page with an authenticator inside, as a laptop or a phone has one. */
export async function withKeys(context, { verified = true } = {}) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verified,
      automaticPresenceSimulation: true,
    },
  });
  return {
    page,
    credentials: async () =>
      (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    forget: (credentialId) =>
      session.send("WebAuthn.removeCredential", { authenticatorId, credentialId }),
    verify: (isUserVerified) =>
      session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
  };
}
