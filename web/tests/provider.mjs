// A real identity provider, the certified package oidc-provider, with people made for tests.
//
// As a program: `node provider.mjs '{"redirect": ["http://localhost:8080/sign-in/oidc/back"]}'` prints
// one line, `listening ISSUER`, and serves until it is ended. Options, all but `redirect` optional:
//   port      0 for any
//   redirect  where it may send people back to
//   secret    of the client "standing"; without one it is public
//   people    by login: { name, email, groups, amr, acr }
//   inToken   whether claims stand in the ID token too, or only where the token leads to
// Control, for tests: PUT /control/people/LOGIN with claims, POST /control/rotate for a new key,
// GET /control/asked for how often the keys were asked for.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { Provider } from "oidc-provider";

/** Starts a provider; `issuer` is what it calls itself. */
export async function provide(options) {
  const { port = 0, redirect, secret, inToken = false } = options;
  const people = new Map(Object.entries(options.people ?? {}));
  const asked = { keys: 0 };
  let provider;
  const server = createServer((request, response) => {
    if (request.url.startsWith("/jwks")) asked.keys += 1;
    const answer = request.url.startsWith("/control/")
      ? control(request, response)
      : request.url.startsWith("/interaction/")
        ? interact(request, response)
        : provider.callback()(request, response);
    Promise.resolve(answer).catch((error) => {
      response.statusCode = 500;
      response.end(String(error.stack));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const client = {
    client_id: "standing",
    redirect_uris: redirect,
    ...(secret
      ? { client_secret: secret }
      : { token_endpoint_auth_method: "none" }),
  };
  // A new key is a new provider: what people have begun lies in the memory that all share.
  const rotate = () => {
    provider = make(issuer, client, people, inToken);
  };
  rotate();

  async function control(request, response) {
    const [, , what, login] = request.url.split("/");
    if (what === "rotate") rotate();
    else if (what === "people") people.set(login, JSON.parse(await body(request)));
    else if (what !== "asked") response.statusCode = 404;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(asked));
  }

  async function interact(request, response) {
    if (request.method === "GET") return response.end(PAGE);
    const sent = new URLSearchParams(await body(request));
    const login = sent.get("login");
    const person = people.get(login);
    const no = { error: "access_denied", error_description: "no" };
    const { amr, acr } = person ?? {};
    const yes = { login: { accountId: login, amr, acr } };
    const result = person && !sent.has("deny") ? yes : no;
    await provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
  }

  return {
    issuer,
    rotate,
    set: (login, claims) => people.set(login, claims),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const PAGE = `<!doctype html><html lang="en"><title>Test identity provider</title>
<main><h1>Test identity provider</h1><form method="post">
<label>Login <input name="login" autofocus></label>
<button>Sign in</button> <button name="deny" value="1">Refuse</button></form></main></html>`;

function make(issuer, client, people, inToken) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = privateKey.export({ format: "jwk" });
  return new Provider(issuer, {
    clients: [client],
    jwks: { keys: [{ ...key, kid: randomUUID(), use: "sig", alg: "RS256" }] },
    cookies: { keys: ["for tests only"] },
    acrValues: ["one", "two"],
    claims: {
      openid: ["sub", "amr"],
      profile: ["name", "groups"],
      email: ["email", "email_verified"],
    },
    conformIdTokenClaims: !inToken,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, login) => ({
      accountId: login,
      claims: () => {
        const { amr, acr, ...claims } = people.get(login) ?? {};
        return { sub: login, ...claims };
      },
    }),
    // Nobody is asked for consent: the firm has consented for its people.
    loadExistingGrant: async (context) => {
      const { session, client: asking, provider } = context.oidc;
      const before = session.grantIdFor(asking.clientId);
      if (before) return provider.Grant.find(before);
      const grant = new provider.Grant({
        clientId: asking.clientId,
        accountId: session.accountId,
      });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  });
}

async function body(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return text;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  // The package says what it does there, and whoever started this may have gone on.
  process.stdout.on("error", () => {});
  const { issuer } = await provide(JSON.parse(process.argv[2]));
  process.stdout.write(`listening ${issuer}\n`);
}
