// Small improvements; every page works without them.
"use strict";

// Buttons that copy the text of the field they name.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const told = button.parentElement.querySelector("[data-copied]");
  button.hidden = !field;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      if (told) told.textContent = "Copied.";
    } catch {
      field.focus();
      field.select();
      if (told) told.textContent = "Selected: copy it with your keyboard.";
    }
  });
}

// Passkeys. Each place on a page that asks for one bears data-passkey with the name of its ceremony
// (sign-in, prove, join, add), a form that is hidden as long as nothing can carry it out, and a
// paragraph that says how it went.
const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// What the server asks, as the browser wants it: bytes where JSON has text.
const asked = ({ publicKey }) => {
  const named = (keys) => (keys ?? []).map((key) => ({ ...key, id: toBytes(key.id) }));
  publicKey.challenge = toBytes(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = toBytes(publicKey.user.id);
  if (publicKey.excludeCredentials) publicKey.excludeCredentials = named(publicKey.excludeCredentials);
  if (publicKey.allowCredentials) publicKey.allowCredentials = named(publicKey.allowCredentials);
  return { publicKey };
};

// What the browser answers, as the server wants it.
const answered = ({ id, rawId, type, response }) => {
  const told = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    told.attestationObject = toText(response.attestationObject);
    told.transports = response.getTransports?.() ?? [];
  } else {
    told.authenticatorData = toText(response.authenticatorData);
    told.signature = toText(response.signature);
    told.userHandle = response.userHandle ? toText(response.userHandle) : null;
  }
  return { id, rawId: toText(rawId), type, response: told, extensions: {} };
};

// Sends JSON; what went wrong comes back as words.
const send = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-csrf": document.querySelector('meta[name="csrf"]')?.content ?? "",
    },
    body: JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const hint = told.hint ? ` What to do: ${told.hint}.` : "";
  throw new Error(told.detail ? told.detail + hint : "The server did not answer as expected. Reload the page and try again.");
};

// Browsers say by one name that somebody cancelled, waited too long or has no such passkey.
const inWords = (error) =>
  ({
    NotAllowedError: "Nothing happened: it was cancelled, took too long, or this device has no passkey for here. You can try again.",
    AbortError: "Nothing happened: it was cancelled. You can try again.",
    InvalidStateError: "This device holds a passkey of yours for here already.",
    NotSupportedError: "This device cannot keep a passkey of the kind that is needed. Try another device, or a security key.",
    SecurityError: "The browser refuses passkeys at this address. Open Standing by its own name and by https.",
    TypeError: "The server could not be reached. Try again.",
  })[error.name] ?? error.message;

for (const place of document.querySelectorAll("[data-passkey]")) {
  const form = place.querySelector("form");
  const told = place.querySelector("[data-told]");
  const ceremony = `/passkeys/${place.dataset.passkey}`;
  const registers = ["join", "add"].includes(place.dataset.passkey);
  if (!window.PublicKeyCredential || !navigator.credentials) {
    told.textContent = window.isSecureContext
      ? "This browser has no passkeys. Use a newer one, or another device."
      : "Browsers keep passkeys only for pages that come by https.";
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    told.textContent = "Your device asks you now.";
    try {
      const begun = await send(`${ceremony}/begin`, Object.fromEntries(new FormData(form)));
      const options = asked(begun.options);
      const credential = registers
        ? await navigator.credentials.create(options)
        : await navigator.credentials.get(options);
      told.textContent = "One moment.";
      const done = await send(`${ceremony}/finish`, {
        ceremony: begun.ceremony,
        credential: answered(credential),
      });
      location.assign(done.next);
    } catch (error) {
      told.textContent = inWords(error);
      button.disabled = false;
      button.focus();
    }
  });
}

// The time line: a slider over its days beside the field of the date.
for (const form of document.querySelectorAll("form.scrub")) {
  const { from, to, today } = form.dataset;
  const field = form.querySelector("input[type=date]");
  const DAY = 86_400_000;
  const at = (n) => new Date(Date.parse(from) + n * DAY).toISOString().slice(0, 10);
  const nth = (day) => Math.round((Date.parse(day) - Date.parse(from)) / DAY);
  const words = (day) =>
    new Date(day).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: "0", max: String(nth(to)), value: String(nth(field.value)) });
  const label = document.createElement("label");
  label.append("Slide to a day", slider);
  const tell = () => {
    field.value = at(Number(slider.value));
    slider.setAttribute("aria-valuetext", words(field.value));
  };
  const go = () => location.assign(field.value === today ? "/" : `/?day=${field.value}`);
  // With the keyboard each step is a change, so that going there waits until the slider is left.
  let byPointer = false;
  slider.addEventListener("pointerdown", () => { byPointer = true; });
  slider.addEventListener("input", tell);
  slider.addEventListener("change", () => { if (byPointer) go(); });
  slider.addEventListener("keydown", (event) => {
    byPointer = false;
    if (event.key === "Enter") { event.preventDefault(); go(); }
  });
  field.addEventListener("change", () => { slider.value = String(nth(field.value)); tell(); });
  form.prepend(label);
  tell();
}

// Access reviews: a form of rows filled by the keyboard alone. The keys do what the form's own fields
// do, work while the focus is in no field of text, and can be turned off in their own dialog.
for (const form of document.querySelectorAll("form[data-review]")) {
  const rows = [...form.querySelectorAll("[data-row]")];
  const save = form.querySelector(".save button");
  const told = form.querySelector("[data-progress]");
  const keys = document.getElementById("keys");
  const behind = document.getElementById("behind");
  const on = document.getElementById("keys-on");
  const WORDS = ["keep", "change", "remove", "not mine", "cannot tell"];
  const NAME = "standing-review-keys";
  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem(NAME);
      localStorage.setItem(NAME, value);
    } catch { /* Where nothing is kept, they are on anew on each page. */ }
    return value;
  };
  on.checked = stored() !== "off";
  on.addEventListener("change", () => { stored(on.checked ? "on" : "off"); show(); });

  const radios = (row) => [...row.querySelectorAll('input[type="radio"]')];
  const ticks = (row) => [...row.querySelectorAll('input[type="checkbox"]')];
  const comment = (row) => row.querySelector('.comment input[type="text"]');
  const answer = (row) => radios(row).find((radio) => radio.checked)?.value ?? "";
  const state = (row) => [answer(row), comment(row).value, ...ticks(row).map((t) => t.checked)].join("\n");
  const first = new Map(rows.map((row) => [row, state(row)]));
  const needs = (row) => row.dataset.needs.split(",").includes(answer(row));
  // What the row still lacks: a field to go to, or nothing.
  const lacks = (row) => {
    if (answer(row) === "change" && ticks(row).length > 0 && !ticks(row).some((t) => t.checked)) return ticks(row)[0];
    if (needs(row) && !comment(row).value.trim()) return comment(row);
    return undefined;
  };
  const changed = () => rows.filter((row) => state(row) !== first.get(row));

  const show = () => {
    for (const key of form.querySelectorAll(".pill kbd")) key.hidden = !on.checked;
    for (const row of rows) {
      row.classList.toggle("answered", answer(row) !== "");
      comment(row).parentElement.classList.toggle("wanted",
        needs(row) || comment(row).value !== "" || document.activeElement === comment(row));
    }
    const answered = rows.filter((row) => answer(row) !== "");
    const open = answered.filter((row) => lacks(row));
    const words = [`${answered.length} of ${rows.length} answered`];
    if (changed().length > 0) words.push(`${changed().length} not saved yet`);
    if (open.length > 0) words.push(`${open.length} lack a comment or a right`);
    told.textContent = `${words.join(", ")}.`;
  };

  let at = 0;
  const go = (n) => {
    if (n >= rows.length) {
      save?.focus();
      return;
    }
    at = Math.max(n, 0);
    rows.forEach((row, i) => { row.tabIndex = i === at ? 0 : -1; });
    rows[at].focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };
  // On to what the row lacks, or to the next row.
  const on_from = (n) => {
    const lacking = answer(rows[n]) ? lacks(rows[n]) : undefined;
    if (!lacking) return go(n + 1);
    const folded = lacking.closest("details");
    if (folded) folded.open = true;
    comment(rows[n]).parentElement.classList.add("wanted");
    lacking.focus();
  };
  const choose = (n, word) => {
    const radio = radios(rows[n]).find((r) => r.value === word);
    if (!radio) return;
    radio.checked = true;
    const only = ticks(rows[n]);
    if (word === "change" && only.length === 1) only[0].checked = true;
    show();
    on_from(n);
  };
  // Back to what is kept; where the server sent answers back, nothing of them is.
  const refused = form.querySelector(".error") !== null;
  const clear = (n) => {
    for (const radio of radios(rows[n])) radio.checked = !refused && radio.defaultChecked;
    for (const tick of ticks(rows[n])) tick.checked = !refused && tick.defaultChecked;
    comment(rows[n]).value = refused ? "" : comment(rows[n]).defaultValue;
    show();
  };
  const open = async (n) => {
    const link = rows[n].querySelector("[data-evidence]");
    const place = behind.querySelector("[data-behind]");
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const section = document.importNode(page.getElementById("evidence"), true);
      section.removeAttribute("id");
      // The page has its one heading of the first order already.
      const title = document.createElement("h2");
      title.append(...section.querySelector("h1").childNodes);
      section.querySelector("h1").replaceWith(title);
      section.removeAttribute("aria-labelledby");
      place.replaceChildren(section);
    } catch {
      place.textContent = "It could not be read. Your answers are still here; try again.";
    }
    behind.showModal();
    place.focus();
    behind.scrollTop = 0;
  };

  const KEYS = {
    j: (n, within) => go(within ? n + 1 : at),
    k: (n) => go(n - 1),
    ArrowDown: (n, within) => go(within ? n + 1 : at),
    ArrowUp: (n) => go(n - 1),
    o: open,
    c: (n) => { comment(rows[n]).parentElement.classList.add("wanted"); comment(rows[n]).focus(); },
    u: clear,
    s: () => save?.click(),
    "?": () => keys.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !on.checked) return;
    const focused = document.activeElement;
    if (keys.open || behind.open) return;
    const elsewhere = focused !== document.body && focused.id !== "main" && focused.id !== "rows";
    if (elsewhere && !form.contains(focused)) return;
    const row = focused.closest("[data-row]");
    const n = row ? rows.indexOf(row) : at;
    if (focused.matches('input[type="text"]')) {
      if (event.key === "Escape") { event.preventDefault(); go(n); }
      if (event.key === "Enter") { event.preventDefault(); show(); go(n + 1); }
      return;
    }
    // Fields keep their own arrows; a row, and what lies outside of all, has none.
    if (event.key.startsWith("Arrow") && focused !== row && row) return;
    if (event.key === "Enter" && row && focused.matches("input")) {
      event.preventDefault();
      on_from(n);
      return;
    }
    const word = WORDS[Number(event.key) - 1];
    const act = word && row ? () => choose(n, word) : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act(n, Boolean(row));
  });
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => keys.showModal());
  }
  for (const dialog of [keys, behind]) dialog.addEventListener("close", () => go(at));
  form.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row) at = rows.indexOf(row);
  });
  form.addEventListener("input", show);
  form.addEventListener("focusout", () => setTimeout(show));
  // What is answered and not saved is not lost by a slip.
  let sent = false;
  form.addEventListener("submit", () => { sent = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!sent && changed().length > 0) event.preventDefault();
  });
  form.classList.add("by-keys");
  rows.forEach((row, i) => { row.tabIndex = i === 0 ? 0 : -1; });
  show();
  // After saving one goes on where one was: with the rows.
  const wrong = rows.findIndex((row) => row.querySelector(".error"));
  if (wrong >= 0) go(wrong);
  else if (new URLSearchParams(location.search).has("kept")) go(0);
}
