// Every page there is: what axe-core finds, at two widths, in light and dark; whether it scrolls
// sideways; whether the policy of content was broken; and a picture of it for people to look at.
import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { browse, pictures, run, Served, visitor } from "./harness.mjs";
import { owner } from "./people.mjs";
import { explore, patterns } from "./routes.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What no link leads to, or a link that is not the first of its kind. */
const BESIDE = [
  "/",
  "/nowhere",
  "/items?kept=3",
  "/items/1.1.1?kept=3",
  "/items/4.2.4",
  "/items/4.2.4/attest",
  "/checks/leavers_have_no_access",
  "/checks/leavers_have_no_access?verdict=not+met",
  "/log/3",
  "/me",
  "/members",
  "/prove?next=/log",
  "/records/risk",
];
/** Pages of those who have not come in. */
const OUTSIDE = ["/sign-in", "/join/0123456789abcdef.not-a-link"];

let browser, served, mine, all;

before(async () => {
  await rm(pictures, { recursive: true, force: true });
  await mkdir(pictures, { recursive: true });
  [browser, served, all] = await Promise.all([browse(), Served.demo(), patterns()]);
  // The page of the only owner does not lead to its end, so the engineer's is looked at by name.
  const added = await run("member", "add", "--dir", served.home, "--name", "Test Engineer", "--role", "engineer");
  BESIDE.push(`/members/${added.match(/actor-[0-9a-f]+/)[0]}`);
  // Nobody's rows are the only owner's, who has no e-mail: no link leads to them.
  const [review] = JSON.parse(await run("review", "list", "--dir", served.home, "--format", "json").catch((late) => late.stdout));
  BESIDE.push(`/reviews/${review.campaign}/mine`);
  await run("record", "--dir", served.home, "risk", "add", "title=A risk", "level=low");
  mine = await owner(browser, served);
});

after(async () => {
  await browser?.close();
  await served?.stop();
});

/** Opens a page and reports whatever it complains of, in whatever width and light. */
async function look(page, where, name) {
  const found = [];
  const complains = (message) => {
    const asked = message.location().url ?? "";
    // The document's own status: some pages are troubles.
    if (message.type() === "error" && asked !== served.url + where) found.push(message.text());
  };
  page.on("console", complains);
  page.on("pageerror", (error) => found.push(String(error)));
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(served.url + where, { waitUntil: "load" });
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await faults(page, colorScheme)).map((fault) => `${width} ${colorScheme}: ${fault}`));
      if (width === 1280 || colorScheme === "light") await picture(page, name, width, colorScheme);
    }
  }
  const [wide, room] = await page.evaluate(() => [
    document.scrollingElement.scrollWidth,
    window.innerWidth,
  ]);
  if (wide > room) found.push(`scrolls sideways: ${wide} in ${room}: ${await widest(page)}`);
  const headings = await page.locator("h1").count();
  if (headings !== 1) found.push(`${headings} headings of the first order`);
  const broken = await page.evaluate(() => window.broken);
  found.push(...broken.map((what) => `content policy: ${what}`));
  page.removeAllListeners();
  return found;
}

async function faults(page, colorScheme) {
  const axe = new AxeBuilder({ page }).setLegacyMode();
  // What is dark differs in nothing but colours.
  const { violations } = await (colorScheme === "dark"
    ? axe.withRules(["color-contrast", "link-in-text-block"])
    : axe.withTags(RULES)
  ).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`),
    );
}

async function picture(page, name, width, colorScheme) {
  const words = name.split(/[^a-z0-9.]+/i).filter(Boolean).join("-") || "standing";
  const file = path.join(pictures, `${words}-${width}-${colorScheme}.png`);
  await page.screenshot({ path: file, fullPage: true, animations: "disabled" });
}

/** The first elements that reach beyond the window and are in nothing that scrolls by itself. */
function widest(page) {
  return page.evaluate(() => {
    const scrolls = (e) => e && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
    return [...document.body.querySelectorAll("*")]
      .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 0.5)
      .filter((e) => !scrolls(e.parentElement === document.body ? null : e.parentElement))
      .slice(0, 3)
      .map((e) => e.outerHTML.slice(0, 120))
      .join("\n");
  });
}

/** Opens a page that remembers what the content policy forbade. */
async function watched(context) {
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.broken = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return page;
}

test("every page, for whoever may see it all", { timeout: 300_000 }, async (t) => {
  const page = await watched(mine.context);
  const seen = await explore(page, served.url, all, BESIDE);
  const looked = new Map(BESIDE.map((where) => [where, where]));
  for (const [pattern, where] of seen) {
    if (where && !looked.has(where)) looked.set(where, pattern);
  }
  for (const [where, name] of looked) {
    await t.test(where, async () => assert.deepEqual(await look(page, where, name), []));
  }
  await t.test("no page was forgotten", () => {
    const outside = (pattern) => /^\/(sign-in|join)\b/.test(pattern);
    const here = all.filter((pattern) => !seen.has(pattern) && !outside(pattern));
    assert.deepEqual(here, []);
  });
});

test("every page for those who have not come in", { timeout: 60_000 }, async (t) => {
  const page = await watched(await visitor(browser));
  for (const where of OUTSIDE) {
    await t.test(where, async () => assert.deepEqual(await look(page, where, where), []));
  }
});
