// Additions for those who have script: keys, menus that close, drafts, a button that says it works.
// Every page works without them.
"use strict";

const DRAFT_AFTER_MS = 1000;
const DRAFT_KEPT_MS = 24 * 60 * 60 * 1000;
const CHORD_MS = 1500;
const IME_KEY_CODE = 229;
const UNAUTHORISED = 401;
const WARN_BEFORE_MS = 5 * 60 * 1000;

// --- Keys: whatever carries data-key="a" or data-key="g w" is pressed by it ---
let chord = "";
let chordUntil = 0;

function isTyping(event) {
  const target = event.target;
  return (
    event.isComposing || event.keyCode === IME_KEY_CODE ||
    event.ctrlKey || event.altKey || event.metaKey ||
    (target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog"))
  );
}

function pressed(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  if (event.key === "Escape") {
    closeMenus(null);
    return;
  }
  if (document.body.dataset.keys === "off" || isTyping(event) || event.key.length > 1) {
    return;
  }
  if (event.key === "?") {
    event.preventDefault();
    showKeys();
    return;
  }
  const combination = Date.now() < chordUntil ? `${chord} ${event.key}` : event.key;
  chord = event.key;
  chordUntil = event.key === "g" ? Date.now() + CHORD_MS : 0;
  const found = document.querySelector(`[data-key="${CSS.escape(combination)}"]`);
  if (found && !found.disabled) {
    event.preventDefault();
    if (found.matches("input, textarea, select")) {
      found.focus();
    } else {
      found.click();
    }
  }
}

function showKeys() {
  const dialog = document.getElementById("hf-keys");
  const list = dialog.querySelector("dl");
  list.replaceChildren();
  for (const element of document.querySelectorAll("[data-key]")) {
    const key = document.createElement("dt");
    const meaning = document.createElement("dd");
    key.textContent = element.dataset.key;
    meaning.textContent = element.dataset.keyName || element.textContent.trim();
    list.append(key, meaning);
  }
  dialog.showModal();
}

// --- Menus ---
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!except || !menu.contains(except)) {
      menu.open = false;
    }
  }
}

// --- Drafts: form[data-draft="what"], kept in this tab for a day, never a hidden field ---
function draftName(form) {
  return `holdfast-draft/${document.body.dataset.user}/${form.dataset.draft}`;
}

function typedFields(form) {
  return [...form.elements].filter(
    (field) => field.name && field.type !== "hidden" && "value" in field && field.type !== "submit" && field.type !== "radio",
  );
}

function keepDraft(form) {
  const values = Object.fromEntries(typedFields(form).map((field) => [field.name, field.value]));
  sessionStorage.setItem(draftName(form), JSON.stringify({ at: Date.now(), values }));
}

function restoreDraft(form) {
  const kept = JSON.parse(sessionStorage.getItem(draftName(form)) || "null");
  if (!kept || Date.now() - kept.at > DRAFT_KEPT_MS) {
    return;
  }
  let restored = false;
  for (const field of typedFields(form)) {
    if (kept.values[field.name] && !field.value) {
      field.value = kept.values[field.name];
      restored = true;
    }
  }
  if (restored) {
    const notice = document.createElement("p");
    const time = new Date(kept.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
    notice.className = "hf-notice";
    notice.setAttribute("role", "status");
    notice.textContent = document.body.dataset.restored.replace("{time}", time);
    form.prepend(notice);
  }
}

function followDraft(form) {
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keepDraft(form), DRAFT_AFTER_MS);
  });
  form.addEventListener("submit", () => keepDraft(form));
  restoreDraft(form);
}

// --- Submitting: the button keeps its width and says what happens ---
function submitting(event) {
  const button = event.submitter;
  if (!button || event.target.method === "dialog" || event.target.matches("[hx-post], [hx-get]")) {
    return;
  }
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  button.style.width = `${button.offsetWidth}px`;
  button.setAttribute("aria-disabled", "true");
  if (!button.classList.contains("hf-menu-item")) {
    button.textContent = document.body.dataset.submitting;
  }
}

// --- A session that ended: what was typed is kept, and the person comes back here ---
function answered(event) {
  if (event.detail.ctx?.response?.raw?.status === UNAUTHORISED) {
    document.querySelectorAll("form[data-draft]").forEach(keepDraft);
    const here = location.pathname + location.search;
    location.assign(`/login?next=${encodeURIComponent(here)}`);
  }
}

// --- A session that is about to end says so in time; going on is an act like any other ---
function followSession(strip) {
  const left = Number(strip.dataset.sessionLeft) * 1000 - WARN_BEFORE_MS;
  setTimeout(() => {
    document.querySelectorAll("form[data-draft]").forEach(keepDraft);
    strip.hidden = false;
  }, Math.max(left, 0));
}

document.querySelectorAll("[data-session-left]").forEach(followSession);
document.addEventListener("htmx:after:request", answered);
document.addEventListener("keydown", pressed);
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("submit", submitting);
document.querySelectorAll("form[data-draft]").forEach(followDraft);
// A draft ends when the page after the act says that it was carried out: <… data-draft-done="what">.
document.querySelectorAll("[data-draft-done]").forEach((done) => {
  sessionStorage.removeItem(`holdfast-draft/${document.body.dataset.user}/${done.dataset.draftDone}`);
});
document.querySelector("[data-focus]")?.focus();
// The back button may show a page that was already sent; it can be sent again, safely.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    location.reload();
  }
});
