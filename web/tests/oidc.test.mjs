// Coming in by a real identity provider, in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, Served, visitor } from "./harness.mjs";
import { provide } from "./provider.mjs";

const PEOPLE = {
  lead: { name: "Test Lead", email: "lead@firm.test", groups: ["leads"], amr: ["pwd", "otp"] },
  careless: { name: "Test Careless", email: "c@firm.test", groups: ["leads"], amr: ["pwd"] },
};

let browser, served, provider;

before(async () => {
  const settings = async (url) => {
    provider = await provide({ redirect: [`${url}/sign-in/oidc/back`], people: PEOPLE });
    return `[serve.oidc]
issuer = "${provider.issuer}"
name = "Test Firm"
client_id = "standing"
amr = ["otp", "hwk"]
[serve.oidc.roles]
leads = "lead"`;
  };
  [browser, served] = await Promise.all([browse(), Served.demo({ settings })]);
});

after(async () => {
  await browser?.close();
  await served?.stop();
  await provider?.stop();
});

/** Comes in as this person, who is sent back to the server or to a page of trouble. */
async function comeIn(login) {
  const page = await (await visitor(browser)).newPage();
  await page.goto(`${served.url}/items`);
  await page.getByRole("link", { name: "Sign in with Test Firm" }).click();
  await page.getByLabel("Login").fill(login);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.origin === served.url);
  return page;
}

test("by the button to the provider and back to the page that was asked for", async () => {
  const page = await comeIn("lead");
  await page.waitForURL(`${served.url}/items`);
  assert.match(await page.locator("header").innerText(), /Test Lead\s+lead/);
  await page.getByRole("link", { name: "Standing", exact: true }).last().click();
  await page.waitForURL(`${served.url}/`);
});

test("who showed no second factor is refused and told what to do", async () => {
  const page = await comeIn("careless");
  assert.match(await page.locator("h1").innerText(), /Multi-factor/);
  assert.match(await page.locator("main").innerText(), /second factor/);
  await page.goto(`${served.url}/items`);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
});
