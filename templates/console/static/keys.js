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
  if (event.key === "Escape" && inBox) return event.target.blur();
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
  else if (key === "p") { if (panelLies()) closePanel(); else thread.querySelector(".to-panel")?.click(); }
  else if (key === "t") { const give = thread.querySelector(".panel input[name=tag]:not([type=hidden])"); if (give) { if (!give.checkVisibility()) { addEventListener("hashchange", () => give.focus(), { once: true }); thread.querySelector(".to-panel").click(); } give.focus(); event.preventDefault(); } }
  else if (key === "h") { const snooze = thread.querySelector(".snooze"); if (snooze) { snooze.open = true; snooze.querySelector("button").focus(); event.preventDefault(); } }
  else if (key === "r") { const [box, picker] = [document.getElementById("reply"), document.getElementById("template")]; if (box) writeOn(box); else picker?.focus(); if (box || picker) event.preventDefault(); }
  else if (key === "n") { const note = thread.querySelector(".write-note"); if (note) { note.open = true; writeOn(note.querySelector("textarea")); event.preventDefault(); } }
});
