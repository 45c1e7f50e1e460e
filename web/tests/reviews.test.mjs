// Access reviews: a reviewer decides fifty rows by the keyboard in one go, another one without scripts,
// and the pages stand before axe in both widths.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { browse, pictures, run, Served, visitor, withKeys } from "./harness.mjs";
import { join, owner } from "./people.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const ROWS = 60;
const FIRM = "reviews.example.test";

let browser, served, lead, reviewer, id;

/** A firm of one directory with these many agents, some of whom left, and one owner of it. */
async function firm(home, url) {
  const people = ["Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date"];
  people.push(`1000,Ada,Owner,ada@${FIRM},Platform,Engineer,,01/02/2020,`);
  const directory = [];
  const account = (uid, name, number) =>
    directory.push(
      `dn: uid=${uid},ou=people,dc=test`, "objectClass: inetOrgPerson", `uid: ${uid}`, `cn: ${name}`,
      `mail: ${uid}@${FIRM}`, ...(number ? [`employeeNumber: ${number}`] : []),
      "createTimestamp: 20210301080000Z", "");
  const group = (name, members) => {
    directory.push(`dn: cn=${name},ou=groups,dc=test`, "objectClass: groupOfNames", `cn: ${name}`);
    directory.push(...members.map((uid) => `member: uid=${uid},ou=people,dc=test`), "");
  };
  const all = Array.from({ length: ROWS }, (_, n) => `agent${String(n + 1).padStart(2, "0")}`);
  all.forEach((uid, n) => {
    const left = n % 12 === 0 ? "31/12/2025" : "";
    people.push(`${2000 + n},Agent,Number${n + 1},${uid}@${FIRM},Support,Agent,1000,03/04/2021,${left}`);
    account(uid, `Agent Number${n + 1}`, 2000 + n);
  });
  account("ada", "Ada Owner", 1000);
  account("old-scanner", "Scanner on the first floor");
  group("staff", all);
  group("ldapadmins", ["ada", all[1], all[2]]);
  group("billing", [all[4], all[5]]);
  const keep = (name, text) => writeFile(path.join(home, name), text);
  await keep("people.csv", `${people.join("\n")}\n`);
  await keep("directory.ldif", `${directory.join("\n")}\n`);
  await keep("systems.csv", `name,owner\nDirectory,ada@${FIRM}\n`);
  await keep("standing.toml", [
    '[organisation]', 'name = "Test Firm (invented)"', 'profile = "company-3"',
    "[source.hr]", 'kind = "hr"', 'path = "people.csv"',
    "[source.directory]", 'kind = "ldif"', 'path = "directory.ldif"', 'system = "Directory"',
    "[source.systems]", 'kind = "register"', 'path = "systems.csv"', 'table = "system"',
    "[serve]", `public_url = "${url}"`,
    "[review]", "every_months = 0", `lead = "lead@${FIRM}"`, "",
  ].join("\n"));
  await run("collect", "--dir", home);
}

before(async () => {
  await mkdir(pictures, { recursive: true });
  let link;
  const make = async (home, url) => {
    await run("init", home);
    await firm(home, url);
    // Before the server starts: what another process writes later it learns within a second or two.
    const words = ["--dir", home, "--role", "reviewer", "--email", `ada@${FIRM}`];
    const said = await run("member", "invite", ...words, "Ada Owner");
    [link] = said.match(/http\S+\/join\/\S+/);
  };
  [browser, served] = await Promise.all([browse(), Served.demo({ make })]);
  lead = await owner(browser, served);
  const context = await visitor(browser);
  reviewer = { context, ...(await withKeys(context)) };
  await join(reviewer, link, "Ada Owner");
});

after(async () => {
  await browser?.close();
  await served?.stop();
});

async function faults(page) {
  const found = [];
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(RULES).analyze();
      for (const { id: rule, impact, nodes } of violations) {
        if (!["serious", "critical"].includes(impact)) continue;
        found.push(`${width} ${colorScheme} ${rule}: ${nodes[0].target.join(" ")}: ${nodes[0].failureSummary}`);
      }
    }
    const [wide, room] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
    if (wide > room) found.push(`${width}: scrolls sideways: ${wide}`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  return found;
}

async function pictured(page, name) {
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 900 });
    const file = path.join(pictures, `${name}-${width}-light.png`);
    await page.screenshot({ path: file, fullPage: width === 1280, animations: "disabled" });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

test("the lead opens a review on a page", async () => {
  const { page } = lead;
  await page.goto(`${served.url}/reviews`);
  await page.getByRole("link", { name: "Open a review" }).click();
  await page.getByLabel("Title").fill("Winter review");
  await page.getByRole("button", { name: "Open it" }).click();
  await page.waitForURL(/kept=\d+/);
  id = new URL(page.url()).pathname.split("/")[2];
  assert.match(await page.locator("h1").innerText(), /Winter review/);
});

test("fifty rows are decided by the keyboard in one go", { timeout: 120_000 }, async () => {
  const { page } = reviewer;
  await page.goto(`${served.url}/reviews`);
  await page.getByRole("link", { name: /^Decide/ }).click();
  await page.waitForURL(/\/mine$/);
  const heading = await page.locator("h1").innerText();
  const [, waiting] = heading.match(/^(\d+) of \d+ rows wait for you/) ?? [];
  assert.ok(Number(waiting) >= 50, heading);
  await pictured(page, "review-mine");
  const shown = await page.locator("[data-row]").count();
  assert.equal(shown, 50);

  // From here on nothing but keys.
  const keyboard = page.keyboard;
  const focused = () => page.evaluate(() => document.activeElement.closest("[data-row]")?.dataset.row);
  await keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.screenshot({ path: path.join(pictures, "review-keys-1280-light.png") });
  const closed = () => page.waitForFunction(() => !document.querySelector("dialog[open]"));
  await keyboard.press("Escape");
  await closed();
  const rows = await page.evaluate(() => [...document.querySelectorAll("[data-row]")].map((row) => ({
    n: row.dataset.row,
    needs: row.dataset.needs.split(","),
    remove: row.classList.contains("not-met"),
  })));
  assert.equal(await focused(), rows[0].n);
  await keyboard.press("j");
  await keyboard.press("k");
  assert.equal(await focused(), rows[0].n);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid");

  await keyboard.press("o");
  await page.getByText("Rests on").waitFor();
  await page.screenshot({ path: path.join(pictures, "review-behind-1280-light.png") });
  await keyboard.press("Escape");
  await closed();
  assert.equal(await focused(), rows[0].n);
  for (const [i, row] of rows.entries()) {
    assert.equal(await focused(), row.n, `row ${i}`);
    if (row.remove) {
      await keyboard.press("3");
    } else {
      await keyboard.press("1");
      if (row.needs.includes("keep")) {
        await keyboard.type("needed for the work");
        if (i === 8) await page.screenshot({ path: path.join(pictures, "review-comment-1280-light.png") });
        await keyboard.press("Enter");
      }
    }
  }
  const told = await page.locator("[data-progress]").innerText();
  assert.equal(told, "50 of 50 answered, 50 not saved yet.");
  await page.screenshot({ path: path.join(pictures, "review-answered-1280-light.png") });
  await keyboard.press("s");
  await page.waitForURL(/kept=\d+/);
  const rest = Number(waiting) - 50;
  assert.match(await page.locator("h1").innerText(), new RegExp(`^${rest} of`));
  // One goes on where one was.
  assert.ok(await focused());

  const rowsOf = await run("review", "rows", id, "--dir", served.home, "--format", "json", "--limit", "100");
  const decided = JSON.parse(rowsOf).rows.filter((row) => row.decision);
  assert.equal(decided.length, 50);
  assert.equal(decided.filter((row) => row.decision === "remove").length, rows.filter((row) => row.remove).length);
});

test("an answer that lacks its comment leads there, and a row can be changed by keys", async () => {
  const { page } = reviewer;
  await page.goto(`${served.url}/reviews/${id}/mine`);
  await page.keyboard.press("j");
  await page.keyboard.press("5");
  const field = await page.evaluate(() => document.activeElement.name);
  assert.match(field, /^comment-\d+$/);
  // Left without it, the bar says so; saved all the same, the server says which.
  await page.keyboard.press("Escape");
  assert.match(await page.locator("[data-progress]").innerText(), /1 lack a comment/);
  await page.keyboard.press("s");
  await page.getByRole("alert").first().waitFor();
  assert.match(await page.title(), /^Error/);
  const wrong = await page.evaluate(() => document.activeElement.querySelector(".error")?.textContent);
  assert.match(wrong, /comment is needed/);
  assert.equal(await page.locator('[data-row] input[value="cannot tell"]:checked').count(), 1);
  await pictured(page, "review-mistake");
  await page.keyboard.press("u");
  await page.keyboard.press("2");
  // Of several rights one says which; the only one is meant as it is.
  if (await page.evaluate(() => document.activeElement.type === "checkbox")) {
    await page.keyboard.press("Space");
    await page.keyboard.press("c");
  }
  await page.keyboard.type("no longer in the team");
  await page.keyboard.press("Enter");
  await page.keyboard.press("s");
  await page.waitForURL(/kept=\d+/);
});

test("without scripts the same form does the same", async () => {
  const plain = await visitor(browser, { javaScriptEnabled: false });
  await plain.addCookies(await reviewer.context.cookies());
  const page = await plain.newPage();
  await page.goto(`${served.url}/reviews/${id}/mine`);
  assert.equal(await page.locator("button[type=button]:visible").count(), 0);
  const row = page.locator("[data-row]").first();
  const n = await row.getAttribute("data-row");
  await row.getByRole("radio", { name: "Cannot tell" }).check();
  await row.getByLabel(/^Comment/).fill("asked, no answer yet");
  await pictured(page, "review-plain");
  await page.getByRole("button", { name: "Save the answers on this page" }).click();
  await page.waitForURL(/kept=\d+/);
  await page.goto(`${served.url}/reviews/${id}/mine?part=unsure`);
  assert.equal(await page.locator(`#row-${n}`).count(), 1);
  assert.match(await page.locator("main").innerText(), /asked, no answer yet/);
  await plain.close();
});

test("the pages stand before axe, wide and narrow, light and dark", { timeout: 240_000 }, async (t) => {
  const of = `/reviews/${id}`;
  const [[, removal]] = (await (await lead.page.request.get(served.url + of)).text()).matchAll(/rows\/(\d+)"/g);
  const looks = [
    [lead, "/reviews", "reviews"],
    [lead, "/reviews/new", "review-new"],
    [lead, of, "review"],
    [lead, `${of}/rows`, "review-rows"],
    [lead, `${of}/rows/${removal}`, "review-row"],
    [lead, `${of}/rows/${removal}/act`, "review-act"],
    [lead, `${of}/removals`, "review-removals"],
    [lead, `${of}/late`, "review-late"],
    [lead, `${of}/assign?from=ada@${FIRM}`, "review-assign"],
    [lead, `${of}/report`, "review-report"],
    [reviewer, "/reviews", "reviews-of-a-reviewer"],
    [reviewer, `${of}/mine`, "review-mine-rest"],
    [reviewer, `${of}/mine?part=decided`, "review-decided"],
  ];
  for (const [{ page }, where, name] of looks) {
    await t.test(where, async () => {
      await page.goto(served.url + where);
      assert.equal(await page.locator("h1").count(), 1);
      await pictured(page, name);
      assert.deepEqual(await faults(page), []);
    });
  }
});
