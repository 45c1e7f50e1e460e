// What people do at the door: follow a link, register a key, come in, go out.
import { visitor, withKeys } from "./harness.mjs";

/** Opens a link of an invitation and registers a passkey; ends on the page that one begins with. */
export async function join({ page }, link, name) {
  await page.goto(link);
  const field = page.getByLabel("Your name");
  if (await field.count()) await field.fill(name);
  await page.getByRole("button", { name: "Register a passkey" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/join/"));
}

/** The first owner, come in by the set-up link: context, page and keys. */
export async function owner(browser, served, options) {
  const context = await visitor(browser, options);
  const keys = await withKeys(context);
  await join(keys, await served.link(), "Test Owner");
  return { context, ...keys };
}

/** Begins to come in with a passkey that the page's authenticator may hold. */
export async function signIn(page, served) {
  await page.goto(`${served.url}/sign-in`);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
}

/** Goes out. */
export async function signOut(page) {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
}
