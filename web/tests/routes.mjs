// The pages that there are, read where they are declared, so that no test can forget one.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const serve = fileURLToPath(new URL("../../crates/standing/src/serve", import.meta.url));
/** What programs ask for; the feed of the calendar has no link that is not a secret. */
const NOT_PAGES = /^\/(api|assets)\/|^\/(metrics|healthz|readyz)$|^\/calendar\/\{feed\}/;

/** Every path that a browser can ask for with GET, as declared: `/items/{ref}`. */
export async function patterns() {
  const found = new Set();
  for (const file of await readdir(serve, { recursive: true })) {
    if (!file.endsWith(".rs") || file.startsWith("tests")) continue;
    const text = await readFile(path.join(serve, file), "utf8");
    for (const [, declared] of text.matchAll(/Route::get\(\s*"([^"]+)"/g)) {
      if (!NOT_PAGES.test(declared)) found.add(declared);
    }
  }
  return [...found].sort();
}

/** The pattern among these that a path fits; one without parameters goes before one with. */
export function patternOf(all, pathname) {
  const fits = all.filter((pattern) => {
    const parts = pattern.split(/\{\*?[^}]*\}/).map((p) => p.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join("[^/]+")}$`).test(pathname);
  });
  const parameters = (pattern) => pattern.split("{").length;
  return fits.sort((a, b) => parameters(a) - parameters(b))[0];
}

/** Follows links from `from` until every kind of page was seen once; gives a path for each pattern. */
export async function explore(page, origin, all, from) {
  const seen = new Map();
  const waiting = [...from];
  const taken = new Set();
  while (waiting.length > 0) {
    const next = waiting.shift();
    const pattern = patternOf(all, new URL(next, origin).pathname);
    if (!pattern || taken.has(next) || (seen.has(pattern) && !from.includes(next))) continue;
    taken.add(next);
    const answer = await page.context().request.get(origin + next);
    const html = (answer.headers()["content-type"] ?? "").startsWith("text/html");
    if (!seen.has(pattern)) seen.set(pattern, html ? next : undefined);
    if (!html) continue;
    for (const [, link] of (await answer.text()).matchAll(/<a\b[^>]*\shref="(\/[^"]*)/g)) {
      // What stands for `&` may hold a `#`, so it is turned back first.
      waiting.push(link.replaceAll("&amp;", "&").replaceAll("&#38;", "&").split("#")[0]);
    }
  }
  return seen;
}
