// Coming in: the first owner by the set-up link, others by invitation, and all those who may not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, Served, visitor, withKeys } from "./harness.mjs";
import { join, owner, signIn, signOut } from "./people.mjs";

let browser, served, first;

before(async () => {
  [browser, served] = await Promise.all([browse(), Served.demo()]);
  first = await owner(browser, served);
});

after(async () => {
  await browser?.close();
  await served?.stop();
});

const told = (page) => page.locator("[data-told]");
const heading = (page) => page.locator("h1");

/** A link for somebody new, as the owner's page of members gives it. */
async function invite(name, role) {
  const { page } = first;
  await page.goto(`${served.url}/members`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.locator(`#role-${role}`).check();
  await page.getByRole("button", { name: "Make a link" }).click();
  const shown = await page.locator("main").innerHTML();
  const [link] = shown.match(/http:\/\/localhost:\d+\/join\/[A-Za-z0-9_.-]+/);
  return link;
}

/** Somebody with a browser and keys of their own, come in by a link. */
async function newcomer(name, role) {
  const link = await invite(name, role);
  const context = await visitor(browser);
  const keys = await withKeys(context);
  await join(keys, link, name);
  return { context, link, ...keys };
}

test("the set-up link works once", async () => {
  assert.equal(new URL(first.page.url()).pathname, "/");
  assert.equal((await first.credentials()).length, 1);
  const { page } = await withKeys(await visitor(browser));
  const answer = await page.goto(await served.link());
  assert.ok(answer.status() >= 400, `status ${answer.status()}`);
  assert.equal(await page.getByRole("button", { name: "Register a passkey" }).count(), 0);
});

test("an engineer comes in by a link that is dead afterwards, and may not attest", async () => {
  const { page, link, context } = await newcomer("Test Engineer", "engineer");
  await page.goto(`${served.url}/items/4.2.4`);
  assert.equal(await page.getByRole("link", { name: "State how it is" }).count(), 0);
  const answer = await page.goto(`${served.url}/items/4.2.4/attest`);
  assert.equal(answer.status(), 403);
  assert.match(await page.locator("main").innerText(), /engineer/);
  const sent = await context.request.post(`${served.url}/items/4.2.4/attest`, {
    form: { answer: "yes" },
    headers: { origin: served.url },
  });
  assert.equal(sent.status(), 403);

  const late = await withKeys(await visitor(browser));
  assert.ok((await late.page.goto(link)).status() >= 400);
});

test("going out ends the session; coming in again begins another", async () => {
  const { page, context } = await newcomer("Test Lead", "lead");
  const before = await context.cookies();
  await signOut(page);
  await page.goto(`${served.url}/items`);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await context.addCookies(before);
  await page.goto(`${served.url}/items`);
  assert.equal(new URL(page.url()).pathname, "/sign-in", "the old cookie lets nobody in");

  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(`${served.url}/items`);
  const now = await context.cookies();
  assert.notEqual(now[0].value, before[0].value);
  assert.ok(now[0].httpOnly && now[0].sameSite === "Lax");
});

test("who was not verified by finger, face or PIN does not come in", async () => {
  const { page, verify } = await newcomer("Test Auditor", "auditor");
  await signOut(page);
  await verify(false);
  await signIn(page, served);
  await told(page).filter({ hasText: "cancelled" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await page.goto(served.url);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await verify(true);
  await signIn(page, served);
  await page.waitForURL(`${served.url}/`);
});

test("the server itself refuses a key that was only touched", async () => {
  const { page, verify } = await newcomer("Test Visitor", "auditor");
  await signOut(page);
  // The browser is asked for less than the server asks for, as a browser of somebody else's might.
  await page.goto(`${served.url}/sign-in`);
  await page.evaluate(() => {
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = (options) => {
      options.publicKey.userVerification = "discouraged";
      return get(options);
    };
  });
  await verify(false);
  const answer = page.waitForResponse(/\/passkeys\/sign-in\/finish$/);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  assert.ok((await answer).status() >= 400, `status ${(await answer).status()}`);
  await page.goto(served.url);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
});

test("a key that its device has forgotten signs nobody in", async () => {
  const { page, credentials, forget } = await newcomer("Test Forgetful", "auditor");
  await signOut(page);
  const [key] = await credentials();
  await forget(key.credentialId);
  await signIn(page, served);
  await told(page).filter({ hasText: "no passkey" }).waitFor();
  await page.goto(served.url);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
});

test("a member who was ended is out at once", async () => {
  const { page } = await newcomer("Test Leaver", "auditor");
  await page.goto(`${served.url}/items`);
  assert.match(await heading(page).innerText(), /\S/);
  const mine = first.page;
  await mine.goto(`${served.url}/members`);
  await mine.getByRole("link", { name: "Test Leaver" }).click();
  await mine.getByRole("link", { name: /^End/ }).click();
  await mine.locator("main form").last().getByRole("button").click();
  await mine.waitForURL(/kept=/);
  await page.goto(`${served.url}/items`);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await signIn(page, served);
  await told(page).filter({ hasNotText: /your device asks|one moment|^$/i }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/sign-in");
});
