// Every page without scripts: a session carried over from where scripts ran, then nothing but HTML.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, Served, visitor } from "./harness.mjs";
import { owner, signOut } from "./people.mjs";

let browser, served, page;

before(async () => {
  [browser, served] = await Promise.all([browse(), Served.demo()]);
  const { context } = await owner(browser, served);
  const plain = await visitor(browser, { javaScriptEnabled: false });
  await plain.addCookies(await context.cookies());
  page = await plain.newPage();
});

after(async () => {
  await browser?.close();
  await served?.stop();
});

test("the navigation leads everywhere", async () => {
  await page.goto(served.url);
  const places = page.getByRole("navigation", { name: "Main" }).getByRole("link");
  const count = await places.count();
  assert.ok(count >= 8, `${count} places`);
  for (let n = 0; n < count; n += 1) {
    const name = await places.nth(n).innerText();
    const where = await places.nth(n).getAttribute("href");
    await places.nth(n).click();
    await page.waitForURL(served.url + where);
    const current = page.getByRole("navigation", { name: "Main" }).locator("[aria-current=page]");
    assert.equal(await current.innerText(), name);
    assert.equal(await page.locator("h1").count(), 1, name);
  }
});

test("no page leaves a control that only scripts can serve", async () => {
  for (const where of ["/", "/items", "/items/4.2.4", "/checks", "/sources", "/log", "/me"]) {
    await page.goto(served.url + where);
    const dead = page.locator("button[type=button]:visible");
    assert.equal(await dead.count(), 0, where);
  }
});

test("filters narrow what is listed", async () => {
  const leavers = async () =>
    (await page.locator("main").innerText()).match(/its person left on/g)?.length ?? 0;
  await page.goto(`${served.url}/checks/leavers_have_no_access`);
  assert.ok((await leavers()) > 1);
  const search = page.getByRole("search").or(page.locator("main form[method=get]")).first();
  await search.locator("input[type=search], input[type=text]").first().fill("no such subject");
  await search.getByRole("button").first().click();
  await page.waitForURL(/[?&]q=no/);
  assert.equal(await leavers(), 0);

  await page.goto(`${served.url}/log`);
  const kind = page.locator("main form select").first();
  const value = await kind.locator("option").last().getAttribute("value");
  await kind.selectOption(value);
  await page.locator("main form:has(select)").first().getByRole("button").first().click();
  await page.waitForURL((url) => url.searchParams.size > 0);
  assert.equal(await page.locator("main form select").first().inputValue(), value);
});

test("a statement about an item is kept", async () => {
  await page.goto(`${served.url}/items/1.1.1/attest`);
  await page.getByLabel("Yes", { exact: false }).first().check();
  await page.getByLabel(/^Statement/).fill("Said without scripts.");
  await page.getByLabel(/^I have seen/).check();
  await page.getByRole("button", { name: "Keep this statement" }).click();
  await page.waitForURL(/kept=\d+/);
  assert.match(await page.locator("main").innerText(), /Said without scripts\./);
});

test("a record is added to a register, changed and ended", async () => {
  await page.goto(`${served.url}/records`);
  await page.locator('a[href="/records/risk/new"]').click();
  await page.locator("[name=title]").fill("Said without scripts");
  const level = page.locator("[name=level]").first();
  await ((await level.getAttribute("type")) === "radio" ? level.check() : level.fill("low"));
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL(/kept=\d+/);
  assert.match(await page.locator("main").innerText(), /Said without scripts/);

  await page.getByRole("link", { name: /^Change/ }).last().click();
  await page.waitForURL(/\/change$/);
  await page.locator("[name=title]").fill("Said again");
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL(/kept=\d+/);
  assert.match(await page.locator("main").innerText(), /Said again/);

  await page.getByRole("link", { name: /^End/ }).last().click();
  await page.waitForURL(/\/end$/);
  await page.locator("[name=reason]").fill("It is over.");
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL(/kept=\d+/);
  assert.doesNotMatch(await page.locator("main").innerText(), /Said again/);
});

test("a passkey says that it needs scripts, and the way out needs none", async () => {
  await page.goto(`${served.url}/prove?next=/log`);
  assert.match(await page.locator("main").innerText(), /needs scripts/);
  await signOut(page);
  assert.match(await page.locator("main").innerText(), /needs scripts/);
});
