// The keyboard alone: where it stops, that one sees where, and that nothing holds it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, Served } from "./harness.mjs";
import { owner } from "./people.mjs";

const PAGES = ["/", "/items", "/items/4.2.4", "/checks/leavers_have_no_access", "/sources/new/hr", "/log"];
/** Enough for the longest page; more is a trap. */
const MOST = 600;

let browser, served, page;

before(async () => {
  [browser, served] = await Promise.all([browse(), Served.demo()]);
  ({ page } = await owner(browser, served));
});

after(async () => {
  await browser?.close();
  await served?.stop();
});

/** Goes on to the next stop; what it is and whether one sees that the focus is there. */
async function next() {
  await page.evaluate(() => {
    const look = (e) => {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(e);
      return [outlineStyle, outlineWidth, outlineColor].join(" ");
    };
    window.look ??= look;
    window.unfocused ??= new Map([...document.querySelectorAll("*")].map((e) => [e, look(e)]));
    window.stops ??= new Map();
  });
  await page.keyboard.press("Tab");
  return page.evaluate(() => {
    const e = document.activeElement;
    if (!e || e === document.body) return undefined;
    if (!window.stops.has(e)) window.stops.set(e, window.stops.size);
    const { outlineStyle, outlineWidth } = getComputedStyle(e);
    const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    const differs = window.unfocused.get(e) !== window.look(e);
    const { width, height, top, bottom } = e.getBoundingClientRect();
    return {
      number: window.stops.get(e),
      html: e.outerHTML.slice(0, 150),
      name: (e.labels?.[0] ?? e).innerText?.trim() ?? "",
      tag: e.tagName,
      field: e.name ?? "",
      href: e.getAttribute("href") ?? "",
      seen: outlined && differs && width > 0 && height > 0 && bottom > 0 && top < innerHeight,
    };
  });
}

for (const where of PAGES) {
  test(`${where}: the skip link comes first, the focus is always seen, nothing traps it`, async () => {
    await page.goto(served.url + where);
    const first = await next();
    assert.match(first.name, /skip/i);
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");

    await page.goto(served.url + where);
    const unseen = [];
    let [last, count] = [-1, 0];
    for (; count < MOST; count += 1) {
      const stop = await next();
      // What came before comes again at the end only.
      if (!stop || stop.number < last) break;
      // A field of a date has several stops within it; the last is its button, with a mark of its own.
      if (stop.number > last && !stop.seen) unseen.push(stop.html);
      last = stop.number;
    }
    assert.ok(last > 10 && count < MOST, `${last} things in ${count} stops`);
    assert.deepEqual(unseen, []);
  });
}

test("a statement is made by Tab, Space and Enter and what one types", async () => {
  const until = async (wanted) => {
    for (let n = 0; n < MOST; n += 1) {
      const stop = await next();
      if (stop && wanted(stop)) return stop;
    }
    throw new Error("the keyboard does not come there");
  };
  await page.goto(`${served.url}/items`);
  await until((stop) => /^\/items\/1\.1\.1\b/.test(stop.href));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/items\/1\.1\.1/);
  await until((stop) => stop.href.includes("/items/1.1.1/attest"));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/attest/);
  await until((stop) => stop.field === "answer");
  await page.keyboard.press("Space");
  await until((stop) => stop.field === "statement");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Said by the keyboard alone.");
  await until((stop) => stop.field === "declared");
  await page.keyboard.press("Space");
  await until((stop) => stop.tag === "BUTTON" && /^Keep/.test(stop.name));
  await page.keyboard.press("Enter");
  await page.waitForURL(/kept=\d+/);
  await page.getByText("Said by the keyboard alone.").first().waitFor();
});
