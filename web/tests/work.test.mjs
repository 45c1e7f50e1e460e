// The work itself: from the standing to an item, a statement, the log, and a proof that this test
// checks with nothing of ours.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { browse, Served } from "./harness.mjs";
import { owner } from "./people.mjs";
import { leafHash, readCheckpoint, rootFrom } from "./proof.mjs";

let browser, served, me;

before(async () => {
  [browser, served] = await Promise.all([browse(), Served.demo()]);
  me = await owner(browser, served);
});

after(async () => {
  await browser?.close();
  await served?.stop();
});

/** The entry that the page says was kept. */
async function kept(page) {
  await page.waitForURL(/[?&]kept=\d+/);
  const entry = new URL(page.url()).searchParams.get("kept");
  assert.match(await page.getByRole("status").first().innerText(), new RegExp(`entry ${entry}\\b`));
  return Number(entry);
}

test("from the standing to an item, a statement, the log and its proof", async () => {
  const { page } = me;
  await page.goto(served.url);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Items" }).click();
  await page.getByRole("link", { name: /^1\.1\.1\b/ }).first().click();
  await page.getByRole("link", { name: /^State/ }).first().click();
  await page.getByLabel("Yes", { exact: false }).first().check();
  const words = "Said by a browser test: it is so.";
  await page.getByLabel(/^Statement/).fill(words);
  await page.getByLabel(/^I have seen/).check();
  await page.getByRole("button", { name: "Keep this statement" }).click();
  const entry = await kept(page);
  await page.getByText(words).first().waitFor();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Log" }).click();
  await page.locator(`a[href^="/log/${entry}"]`).first().click();
  assert.match(await page.locator("main").innerText(), /Test Owner/);

  const answer = await page.context().request.get(`${served.url}/log/${entry}/proof.json`);
  const proof = await answer.json();
  const settings = await readFile(path.join(served.home, "vault/vault.toml"), "utf8");
  const [, key] = settings.match(/public_key = "(.+)"/);
  const head = readCheckpoint(proof.checkpoint, key);
  const hashes = proof.path.map((hash) => Buffer.from(hash, "base64"));
  const leaf = leafHash(Buffer.from(proof.entry));
  const root = rootFrom(leaf, proof.leaf_index, head.size, hashes);
  assert.equal(proof.leaf_index, entry);
  assert.equal(root.toString("base64"), head.root.toString("base64"));
  const said = JSON.parse(proof.entry);
  assert.deepEqual([said.kind, said.body.table, said.seq], ["record", "attestation", entry]);

  // This reader refuses what is not so: else the above would show nothing.
  const other = leafHash(Buffer.from(proof.entry.replace("attestation", "exception")));
  const wrong = rootFrom(other, proof.leaf_index, head.size, hashes);
  assert.notEqual(wrong.toString("base64"), head.root.toString("base64"));
  assert.throws(() => readCheckpoint(proof.checkpoint.replace(/\n\d+\n/, "\n7\n"), key), /signature/);
});

test("a form with mistakes says which, and leads to them", async () => {
  const { page } = me;
  await page.goto(`${served.url}/items/4.2.4/attest`);
  await page.getByRole("button", { name: "Keep this statement" }).click();
  const summary = page.getByRole("alert");
  await summary.waitFor();
  assert.match(await page.title(), /^Error/);
  const links = await summary.getByRole("link").all();
  assert.ok(links.length >= 2, `${links.length} mistakes`);
  for (const link of links) {
    const name = (await link.getAttribute("href")).slice(1);
    assert.equal(await page.locator(`[id="${name}"]`).count(), 1, name);
  }
  await links[0].click();
  const focused = await page.evaluate(() => document.activeElement?.id);
  assert.equal(`#${focused}`, await links[0].getAttribute("href"));
});

test("erasing asks again who one is, and goes on when that is shown", async () => {
  const { page } = me;
  // A session of which the proof is too old: the owner's own passkey, five minutes on.
  await served.age();
  await page.goto(`${served.url}/log/3/erase`);
  assert.equal(new URL(page.url()).pathname, "/prove");
  await page.getByRole("button", { name: "Use your passkey" }).click();
  await page.waitForURL(`${served.url}/log/3/erase`);
  await page.locator("input[name=blob]").first().check();
  await page.getByLabel("Why").fill("a browser test");
  await page.getByLabel("Type the word erase").fill("erase");
  await page.getByRole("button", { name: "Erase for good" }).click();
  await kept(page);
  assert.match(await page.locator("main").innerText(), /erased/);
});
