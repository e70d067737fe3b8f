"use strict";
// What is being written is kept on the server, and in this tab until the server has it.
const boxes = () => [...(thread?.querySelectorAll("textarea[data-draft]") ?? [])];
const nameOf = (box) => `draft ${current()} ${box.dataset.draft}`;
const hold = (box) => sessionStorage.setItem(nameOf(box), JSON.stringify([Date.now(), box.value]));
function markDrafts() {
  for (const box of boxes()) box.closest(".field").querySelector(".draft").hidden = !box.value.trim();
}
// What is being sent is no draft any more, unless it is not taken: then `send` itself keeps it.
async function keep(box, bySend) {
  if (!bySend && box.form.ariaBusy === "true") return;
  clearTimeout(box.waiting);
  box.waiting = 0;
  const text = box.value;
  const body = new URLSearchParams({ csrf: box.form.csrf.value, at: box.dataset.draft, text });
  try {
    const asked = fetch(`/contact/${current()}/draft`, { method: "POST", body, keepalive: true, ...inTime() });
    box.keeping = asked.catch(() => {});
    const answer = await asked;
    if (answer.status === 404) {
      // Erased meanwhile.
      sessionStorage.removeItem(nameOf(box));
      return refreshThread();
    }
    if (answer.status !== 204) throw answer.status;
    if (box.value === text) sessionStorage.removeItem(nameOf(box));
    const row = list.querySelector(`[id="row-${current()}"]`);
    if (row && !row.querySelector(".draft") !== !boxes().some((box) => box.value.trim())) refreshList().catch(() => {});
  } catch (status) {
    hold(box);
    // What is refused is refused again; what did not arrive may.
    if (!(status < 500)) box.waiting = setTimeout(() => keep(box), 15000);
  }
}
// What was typed here a moment ago is newer than what the server knew when it made the page; what is older may have been gone on with
// elsewhere.
const NEWER = 60000;
function takeUpDrafts() {
  for (const box of boxes()) {
    const [since, text] = JSON.parse(sessionStorage.getItem(nameOf(box)) ?? "[0]");
    if (text === undefined || text === box.value || box.value && Date.now() - since > NEWER) continue;
    box.value = text;
    if (text) box.closest("details")?.setAttribute("open", "");
    clearTimeout(box.waiting);
    box.waiting = setTimeout(() => keep(box), 600);
  }
  markDrafts();
}
addEventListener("input", ({ target: box }) => {
  if (!box.dataset.draft) return;
  clearTimeout(box.waiting);
  box.waiting = setTimeout(() => keep(box), 600);
  hold(box);
  markDrafts();
  const [length, most] = [box.value.length, Number(box.dataset.most)];
  tell(box.form, length > most ? `${length.toLocaleString("en")} of ${most.toLocaleString("en")} characters: too long.` : "");
});
addEventListener("pagehide", () => boxes().filter((box) => box.waiting).forEach((box) => keep(box, true)));
