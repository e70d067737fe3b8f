"use strict";
// Canned replies are shown above the box and put into it where one writes. Without this they are pages and forms like all else.
const shelf = () => thread?.querySelector(".canned");
async function openCanned(address) {
  if (shelf()) return document.getElementById("canned-find").focus();
  const answer = await fetch(address, inTime()).catch(() => undefined);
  if (!answer?.ok || isSignIn(answer)) return location.assign(address);
  const made = parse(await answer.text()).querySelector(".canned");
  const form = document.getElementById("reply")?.form;
  // Somebody else has taken over meanwhile, or the window has closed: the page says so.
  if (!made || !form) return refreshThread();
  if (!shelf()) form.before(made);
  document.getElementById("canned-find").focus();
}
function closeCanned() {
  shelf()?.remove();
  const box = document.getElementById("reply");
  if (box) box.focus();
}
function putIn(text) {
  closeCanned();
  const box = document.getElementById("reply");
  if (!box) return;
  box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}
addEventListener("click", (event) => {
  const opens = event.target.closest("a.open-canned");
  const closes = event.target.closest("a.close-canned");
  if ((!opens && !closes) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (opens) openCanned(opens.href);
  else closeCanned();
});
// Before forms.js could take it for a draft of its own.
addEventListener("submit", (event) => {
  if (!event.target.closest(".canned")) return;
  event.preventDefault();
  putIn(event.target.querySelector(".words").textContent);
}, true);
addEventListener("input", ({ target }) => {
  if (target.id !== "canned-find") return;
  const wanted = target.value.trim().toLowerCase();
  const rows = [...shelf().querySelectorAll("li:has(button)")];
  for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  shelf().querySelector(".none-canned").hidden = !rows.length || rows.some((row) => !row.hidden);
});
addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const { target, key } = event;
  if (target.id === "reply" && key === "/" && !event.ctrlKey && !event.metaKey && /(^|\n)$/.test(target.value.slice(0, target.selectionStart))) {
    const opens = thread.querySelector("a.open-canned");
    if (!opens) return;
    event.preventDefault();
    return openCanned(opens.href);
  }
  if (!target.closest?.(".canned")) return;
  const picks = [...shelf().querySelectorAll("li:not([hidden]) button")];
  const at = picks.indexOf(document.activeElement);
  if (key === "Escape") { event.preventDefault(); event.stopImmediatePropagation(); closeCanned(); }
  // Who wants to write a stroke presses it twice.
  else if (key === "/" && target.id === "canned-find" && !target.value) { event.preventDefault(); putIn("/"); }
  else if (key === "ArrowDown") { event.preventDefault(); picks[Math.min(at + 1, picks.length - 1)]?.focus(); }
  else if (key === "ArrowUp") { event.preventDefault(); (at > 0 ? picks[at - 1] : document.getElementById("canned-find")).focus(); }
  else if (key === "Enter" && target.id === "canned-find") { event.preventDefault(); picks[0]?.click(); }
}, true);
