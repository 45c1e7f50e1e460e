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
