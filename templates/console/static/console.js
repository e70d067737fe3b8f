"use strict";
// Live updates, forms without a reload, single keys. Everything works without this script, too.
const list = document.getElementById("list");
const thread = document.getElementById("thread");
const connection = document.getElementById("connection");
const current = () => thread?.dataset.contact;
let hot = Number(list?.querySelector(".rows")?.dataset.hot ?? 0);

function swap(place, html, keep) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const selector of keep) {
    const [old, made] = [place.querySelector(selector), fresh.querySelector(selector)];
    if (old && made && old.innerHTML !== made.innerHTML) old.replaceChildren(...made.childNodes);
  }
  return fresh;
}

function toEnd() {
  const messages = thread?.querySelector(".messages");
  if (messages) messages.scrollTop = messages.scrollHeight;
}

function title() {
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (hot) document.title = `(${hot}) ${document.title}`;
}

async function refreshList() {
  if (!list) return;
  const focused = document.activeElement?.id;
  const answer = await fetch(`/fragment/list/${list.dataset.view}?current=${current() ?? ""}`);
  if (answer.redirected) return location.reload();
  if (!answer.ok) return;
  list.innerHTML = await answer.text();
  if (focused?.startsWith("row-")) document.getElementById(focused)?.focus();
  hot = Number(list.querySelector(".rows").dataset.hot);
  title();
}

// What stands over all contacts changes without any of them being on this page.
async function refreshAlerts() {
  const place = document.getElementById("alerts");
  if (!place) return;
  const answer = await fetch("/fragment/alerts");
  if (answer.redirected || !answer.ok) return;
  const html = await answer.text();
  if (html.trim() === place.dataset.shown) return;
  const open = place.querySelector("details")?.open;
  place.innerHTML = html;
  place.dataset.shown = html.trim();
  if (open && place.querySelector("details")) place.querySelector("details").open = true;
}
setInterval(() => { if (!document.hidden) refreshAlerts().catch(() => {}); }, 15000);

// The whole page for the composer's state; only what changed is swapped, and never a box that is being typed in.
async function refreshThread() {
  if (!current()) return;
  const answer = await fetch(location.pathname);
  if (answer.redirected && !answer.url.endsWith(location.pathname)) return location.reload();
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const messages = thread.querySelector(".messages");
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  const made = fresh.getElementById("thread");
  const typing = [...thread.querySelectorAll("textarea")].some((box) => box.value || box === document.activeElement);
  const same = (selector) => thread.querySelector(selector)?.innerHTML === made.querySelector(selector)?.innerHTML;
  messages.replaceChildren(...made.querySelector(".messages").childNodes);
  const opened = [...thread.querySelectorAll(".tags details[open] .tag")].map((tag) => tag.textContent);
  if (!same(".panel")) thread.querySelector(".panel").replaceChildren(...made.querySelector(".panel").childNodes);
  thread.querySelectorAll(".tags details").forEach((details) => { details.open = opened.includes(details.querySelector(".tag").textContent); });
  const [banner, newBanner] = [thread.querySelector(".banner"), made.querySelector(".banner")];
  if (banner && newBanner) { if (banner.innerHTML !== newBanner.innerHTML) banner.replaceWith(newBanner); }
  else if (banner) banner.remove();
  else if (newBanner) thread.querySelector(".who").after(newBanner);
  if (!typing) thread.querySelector(".composer").replaceChildren(...made.querySelector(".composer").childNodes);
  if (atEnd) toEnd();
}

let waiting;
function refresh(contact) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    refreshList().catch(() => {});
    if (!contact || contact === current()) refreshThread().catch(() => {});
  }, 60);
}

if (list) {
  const live = new EventSource("/live");
  let opened = false;
  live.addEventListener("changed", (event) => refresh(event.data === current() ? event.data : "-"));
  live.addEventListener("resync", () => refresh());
  live.onopen = () => { connection.textContent = ""; if (opened) refresh(); opened = true; };
  live.onerror = () => { connection.textContent = "Reconnecting…"; };
  addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  addEventListener("online", () => refresh());
  addEventListener("offline", () => { connection.textContent = "Offline"; });
  toEnd();
  title();
}

// A form is sent in the background; its box is cleared only after the server has taken it.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-live]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  // Which of several buttons it was is said only while that one is enabled.
  const body = new URLSearchParams(new FormData(form, event.submitter));
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    if (!answer.ok || answer.url.includes("error=")) { location.assign(answer.ok ? answer.url : location.href); return; }
    form.querySelectorAll("textarea").forEach((box) => { box.value = ""; box.blur(); });
    refresh(current());
  } catch {
    connection.textContent = "Not sent: no connection. Try again.";
  } finally {
    button.disabled = false;
  }
});

// A long table shows the rows that have the words.
document.getElementById("find")?.addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const row of document.querySelectorAll("#found tbody tr")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});

const keysOn = () => localStorage.getItem("keys") !== "off";
const toggle = document.getElementById("keys-on");
if (toggle) {
  toggle.checked = keysOn();
  toggle.onchange = () => localStorage.setItem("keys", toggle.checked ? "on" : "off");
}

function walk(step) {
  const rows = [...list.querySelectorAll(".rows a")];
  const at = rows.findIndex((row) => row.getAttribute("aria-current") || row === document.activeElement);
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  if (next) next.click();
}

let went = 0;
addEventListener("keydown", (event) => {
  const inBox = event.target.matches("input, textarea, select");
  if (event.target.matches("textarea") && event.key === "Enter" && (event.ctrlKey || event.metaKey)) return event.target.form.requestSubmit();
  if (event.key === "Escape" && inBox) return event.target.blur();
  if (inBox || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !list || !keysOn()) return;
  const key = event.key.toLowerCase();
  const afterG = Date.now() - went < 1000;
  went = 0;
  if (afterG && key === "h") return location.assign("/inbox/hot");
  if (afterG && key === "i") return location.assign("/inbox/all");
  if (key === "g") { went = Date.now(); return; }
  if (key === "?") return document.getElementById("keys").showModal();
  if (key === "j") walk(1);
  else if (key === "k") walk(-1);
  else if (key === "b") thread.querySelector("button[data-key=b]")?.click();
  else if (key === "r") { const box = document.getElementById("reply"); if (box) { box.focus(); event.preventDefault(); } }
  else if (key === "n") { const note = thread.querySelector(".write-note"); if (note) { note.open = true; note.querySelector("textarea").focus(); event.preventDefault(); } }
});
