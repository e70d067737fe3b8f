"use strict";
// Single keys, which everybody can switch off for themselves.
const keysOn = () => list?.dataset.keys !== "off";

function walk(step) {
  const rows = [...list.querySelectorAll(".rows a[id]")];
  const at = rows.findIndex((row) => row.getAttribute("aria-current") || row === document.activeElement);
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  if (next) next.click();
}

// Where the keyboard has other letters, the key counts that lies in the place of ours.
function letterOf({ key, code }) {
  const isOther = key.length === 1 && key > "\x7f" && code.startsWith("Key");
  return (isOther ? code.slice(3) : key).toLowerCase();
}

// Done with it: back to the bot, and on to the next row, which is told before the list changes.
function handBackAndOn() {
  const button = thread.querySelector("form[action$='/release'] button");
  if (!button) return;
  const rows = [...list.querySelectorAll(".rows a[id]")];
  const at = rows.findIndex((row) => row.getAttribute("aria-current"));
  button.form.dataset.next = (rows[at + 1] ?? rows[at - 1])?.id ?? "none";
  button.click();
  if (button.form.ariaBusy !== "true") delete button.form.dataset.next;
}
function goOnTo(row) {
  sessionStorage.setItem("undo", JSON.stringify([location.pathname + location.search, Date.now()]));
  const next = document.getElementById(row);
  if (next) next.click();
  else location.assign(`/inbox/${list.dataset.view}`);
}

// Every action that the page has, with a search: what is chosen is what its own button does.
const actions = document.getElementById("actions");
function showActions() {
  // What concerns the conversation comes first.
  const places = [".banner button", ".undo button", ".composer .actions :is(button, summary, a)", ".who a", ".views a", ".rail :is(a, [data-opens])"];
  const parts = places.flatMap((place) => [...document.querySelectorAll(place)]).filter((part) => part.checkVisibility());
  const says = (part) => { const copy = part.cloneNode(true); copy.querySelector(".count")?.remove(); return copy.textContent.trim(); };
  const seen = new Set();
  const rows = parts.filter((part) => says(part) && !seen.has(says(part)) && seen.add(says(part))).map((part) => {
    const [row, button] = [document.createElement("li"), document.createElement("button")];
    button.type = "button";
    button.textContent = says(part);
    button.addEventListener("click", () => { actions.close(); part.click(); });
    row.append(button);
    return row;
  });
  actions.querySelector("ul").replaceChildren(...rows);
  document.getElementById("find-action").value = "";
  actions.showModal();
}
actions?.addEventListener("input", ({ target }) => {
  const wanted = target.value.trim().toLowerCase();
  for (const row of actions.querySelectorAll("li")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
actions?.addEventListener("keydown", (event) => {
  // A search box keeps the first Esc to itself.
  if (event.key === "Escape" && !event.isComposing) { event.preventDefault(); return actions.close(); }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...actions.querySelectorAll("li:not([hidden]) button")];
  if (event.isComposing || !step && !(event.key === "Enter" && event.target.id === "find-action")) return;
  event.preventDefault();
  if (!step) return buttons[0]?.click();
  const at = buttons.indexOf(document.activeElement) + step;
  (at < 0 ? document.getElementById("find-action") : buttons[Math.min(at, buttons.length - 1)])?.focus();
});

let went = 0;
addEventListener("keydown", (event) => {
  // Esc and Enter are the input method's while it composes.
  if (event.isComposing) return;
  const inBox = event.target.matches("input, textarea, select");
  if (event.target.matches("textarea") && event.key === "Enter" && (event.ctrlKey || event.metaKey)) return event.target.form.requestSubmit(event.target.closest(".write")?.querySelector("button"));
  // A template is not sent by a stray Enter: it leads on to the next gap, and at last to the button.
  if (event.target.matches(".fill input") && event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    const fields = [...event.target.form.querySelectorAll("input:not([type=hidden]), button")];
    return event.ctrlKey || event.metaKey ? event.target.form.requestSubmit() : fields[fields.indexOf(event.target) + 1].focus();
  }
  // In a box with words it takes back what was typed.
  if (letterOf(event) === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !(inBox && event.target.value)) {
    const undo = thread?.querySelector(".undo button");
    if (undo) event.preventDefault();
    return undo?.click();
  }
  if (letterOf(event) === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && actions && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    return showActions();
  }
  if (event.key === "Escape" && inBox && !event.target.closest("dialog")) return event.target.blur();
  if (event.key === "Escape" && panelLies() && !document.querySelector("dialog[open]")) return closePanel();
  if (inBox || event.ctrlKey || event.metaKey || event.altKey || !list || !keysOn()) return;
  if (document.querySelector("dialog[open]")) return;
  // Somebody is still typing into the box that went away.
  if (Date.now() - taken < 2000) { taken = Date.now(); return; }
  const key = letterOf(event);
  const afterG = Date.now() - went < 1000;
  went = 0;
  if (afterG && key === "h") return location.assign("/inbox/hot");
  if (afterG && key === "i") return location.assign("/inbox/all");
  if (afterG && key === "s") return location.assign("/inbox/snoozed");
  if (afterG && key === "u") return location.assign("/inbox/unassigned");
  if (key === "g") { went = Date.now(); return; }
  if (key === "?") return document.getElementById("keys").showModal();
  if (key === "j") walk(1);
  else if (key === "k") walk(-1);
  else if (key === "/") { document.getElementById("search").focus(); event.preventDefault(); }
  else if (key === "b") thread.querySelector("button[data-key=b]")?.click();
  else if (key === "i") thread.querySelector("form[action$='/take'] button")?.click();
  else if (key === "c") { const take = thread.querySelector(".banner form[action$='/take'] button"); if (take) take.click(); else location.assign("/inbox/hot"); }
  else if (key === "e") handBackAndOn();
  else if (key === "p") { if (panelLies()) closePanel(); else thread.querySelector(".to-panel")?.click(); }
  else if (key === "t") { const give = thread.querySelector(".panel input[name=tag]:not([type=hidden])"); if (give) { if (!give.checkVisibility()) { addEventListener("hashchange", () => give.focus(), { once: true }); thread.querySelector(".to-panel").click(); } give.focus(); event.preventDefault(); } }
  else if (key === "h") { const snooze = thread.querySelector(".snooze"); if (snooze) { snooze.open = true; snooze.querySelector("button").focus(); event.preventDefault(); } }
  else if (key === "r") { const [box, picker] = [document.getElementById("reply"), document.getElementById("template")]; if (box) writeOn(box); else picker?.focus(); if (box || picker) event.preventDefault(); }
  else if (key === "n") { const note = thread.querySelector(".write-note"); if (note) { note.open = true; writeOn(note.querySelector("textarea")); event.preventDefault(); } }
});
