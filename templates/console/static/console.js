"use strict";
// The list, the thread and what else changes while a page is open. Everything works without scripts, too.
const list = document.getElementById("list");
const thread = document.getElementById("thread");
const connection = document.getElementById("connection");
const current = () => thread?.dataset.contact;
document.querySelector(".rail nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

const parse = (html) => new DOMParser().parseFromString(html, "text/html");
// A connection that died unnoticed must not hold back what comes after it.
const inTime = () => ({ signal: AbortSignal.timeout(15000) });
const isSignIn = (answer) => answer.redirected && new URL(answer.url).pathname === "/sign-in";

// Only what differs is replaced: focus, selection and what is open stay where they are, and nothing is read out twice. What has a
// name is found by it, and keeps the focus also where it moved; the parts of `made` stay whole, since some stand in others.
function renew(old, made) {
  const inside = "a, button, input, summary, textarea";
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  const named = (parts) => new Map([...parts.children].filter((part) => part.id).map((part) => [part.id, part]));
  const [before, now] = [named(old), named(made)];
  for (const [id, part] of before) if (!now.has(id)) part.remove();
  [...made.children].forEach((child, at) => {
    let there = old.children[at];
    if (there?.id !== child.id && (child.id || there?.id)) {
      const same = before.get(child.id);
      if (!same) return old.insertBefore(child.cloneNode(true), there ?? null);
      old.insertBefore(same, there ?? null);
      there = same;
    }
    if (!there) return old.append(child.cloneNode(true));
    if ((there.asMade ?? there.outerHTML) === child.outerHTML || onlyTicksDiffer(there, child)) return;
    const focused = [...there.querySelectorAll(inside)].indexOf(held);
    const fresh = child.cloneNode(true);
    there.replaceWith(fresh);
    if (focused >= 0 && !held.id) fresh.querySelectorAll(inside)[focused]?.focus();
  });
  while (old.children.length > made.children.length) old.lastElementChild.remove();
  if (held?.id && held !== document.activeElement) document.getElementById(held.id)?.focus({ preventScroll: true });
}

// A message that was delivered or read is no new one: its words are not read out again.
function onlyTicksDiffer(there, child) {
  const parts = [".label", ".text", ".options", ".again"];
  const same = (part) => there.querySelector(part)?.outerHTML === child.querySelector(part)?.outerHTML;
  if (!there.matches("li.ours") || !child.matches("li.ours") || !parts.every(same)) return false;
  there.className = child.className;
  there.querySelector(".at").replaceWith(child.querySelector(".at").cloneNode(true));
  return true;
}

function toEnd() {
  const messages = thread?.querySelector(".messages");
  messages?.scrollTo({ top: messages.scrollHeight, behavior: "instant" });
}

// Where words go on.
function writeOn(box) {
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

// Rows stay where they are while somebody points at them or stands on one: who is about to click must not hit another. What is newer
// waits until they leave or ask for it; what a row says is new all the same.
let pressed = false, byFinger = false, newerRows;
const newer = document.getElementById("newer");
const rowsOf = (rows) => [...rows.querySelectorAll("li > a[id]")];
// A finger points at nothing once it is lifted, whatever the browser believes.
const isPointedAt = () => !byFinger && list.matches(":hover");
const isHeld = (rows) => !document.hidden && rowsOf(rows).length && (isPointedAt() || rows.contains(document.activeElement));
function showRows(made) {
  newerRows = made;
  if (pressed) return;
  const rows = list.querySelector(".rows");
  const [old, fresh] = [rows, made].map((of) => rowsOf(of).map((row) => row.id));
  newer.hidden = !isHeld(rows) || old.join() === fresh.join();
  if (newer.hidden) {
    newerRows = undefined;
    return renew(rows, made);
  }
  const [stayed, now] = [old.filter((id) => fresh.includes(id)), fresh.filter((id) => old.includes(id))];
  const count = fresh.length - now.length + now.filter((id, at) => stayed.indexOf(id) > at).length;
  newer.textContent = count ? `${count} newer` : "Renew the list";
  for (const row of rowsOf(rows)) {
    const same = made.querySelector(`[id="${row.id}"]`);
    if (same && row.innerHTML !== same.innerHTML) row.innerHTML = same.innerHTML;
  }
}
function letGo() {
  if (newerRows) showRows(newerRows);
}
function showNewer(byKey) {
  const rows = list.querySelector(".rows");
  if (newerRows) renew(rows, newerRows);
  newerRows = undefined;
  newer.hidden = true;
  list.scrollTop = 0;
  if (byKey) rowsOf(rows)[0]?.focus();
}

async function refreshList() {
  if (!list) return;
  const asked = list.dataset.asked ? `${list.dataset.asked}&` : "?";
  const answer = await fetch(`/fragment/list/${list.dataset.view}${asked}current=${current() ?? ""}`, inTime());
  if (isSignIn(answer)) return location.reload();
  if (!answer.ok) return;
  const made = parse(await answer.text());
  renew(list.querySelector(".views"), made.querySelector(".views"));
  showRows(made.querySelector(".rows"));
  const rows = made.querySelector(".rows").dataset;
  if (nowCalling(rows)) document.getElementById("news").textContent = hot === 1 ? "One customer waits for a person." : `${hot.toLocaleString("en")} customers wait for a person.`;
  // Two turned out to be one customer.
  if (rows.current && rows.current !== current()) await refreshThread();
}

// What stands over all contacts changes without any of them being on this page.
async function refreshAlerts() {
  const place = document.getElementById("alerts");
  if (!place) return;
  const answer = await fetch("/fragment/alerts", inTime());
  if (answer.redirected || !answer.ok) return;
  const html = await answer.text();
  // The inbox hears of it by itself, and sooner.
  if (!list) nowCalling(parse(html).querySelector("data").dataset);
  if (html.trim() === place.dataset.shown) return;
  const open = [...place.querySelectorAll("details[open]")].map((part) => part.className);
  place.innerHTML = html;
  place.dataset.shown = html.trim();
  for (const part of place.querySelectorAll("details")) part.open = open.includes(part.className);
}
setInterval(() => { if (!document.hidden || !list) refreshAlerts().catch(() => {}); }, 15000);

// The page for the composer's state, too; a box that is being typed in stays while it may be sent.
async function refreshThread(happened = true) {
  if (!current()) return;
  await Promise.all(boxes().filter((box) => box.waiting).map((box) => keep(box)));
  const answer = await fetch(location.pathname + location.search, inTime());
  if (isSignIn(answer)) return location.reload();
  // Erased meanwhile: the page says so, and leads back.
  if (answer.status === 404) {
    const gone = document.createElement("div");
    gone.className = "empty";
    gone.append(...parse(await answer.text()).querySelector("main").childNodes);
    thread.replaceChildren(gone);
    return delete thread.dataset.contact;
  }
  if (!answer.ok) return;
  const made = parse(await answer.text()).getElementById("thread");
  if (made.dataset.contact !== current()) {
    thread.dataset.contact = made.dataset.contact;
    history.replaceState(history.state, "", location.pathname.replace(/\d+$/, current()) + location.search + location.hash);
  }
  const messages = thread.querySelector(".messages");
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  renew(messages, made.querySelector(".messages"));
  const opened = [...thread.querySelectorAll(".tags details[open] .tag")].map((tag) => tag.title);
  made.querySelectorAll(".tags details").forEach((details) => { details.open = opened.includes(details.querySelector(".tag").title); });
  renew(thread.querySelector(".panel .tags"), made.querySelector(".panel .tags"));
  renew(thread.querySelector(".panel .known"), made.querySelector(".panel .known"));
  const wishes = thread.querySelector(".wishes");
  if (![...wishes.querySelectorAll("textarea")].some((box) => box.value)) renew(wishes, made.querySelector(".wishes"));
  const [head, newHead] = [thread.querySelector(".who"), made.querySelector(".who")];
  if (head.outerHTML !== newHead.outerHTML) renew(head, newHead);
  const [banner, newBanner] = [thread.querySelector(".banner"), made.querySelector(".banner")];
  if (banner && newBanner) {
    // Why somebody waits is read out once, not again with each minute.
    banner.className = newBanner.className;
    renew(banner.querySelector(".says"), newBanner.querySelector(".says"));
    renew(banner, newBanner);
  }
  else if (banner) banner.remove();
  else if (newBanner) thread.querySelector(".who").after(newBanner);
  showUndo(made);
  // What is open in the composer stays where nothing happened but that time went on.
  const modeOf = (page) => page.querySelector(".composer").dataset.mode;
  if (!happened && modeOf(thread) === modeOf(made)) return atEnd && toEnd();
  const [composer, newComposer] = [thread.querySelector(".composer"), made.querySelector(".composer")];
  const typing = boxes().some((box) => box.value || box === document.activeElement) || isChoosing(composer) || composer.querySelector(".canned");
  const isOther = ["mode", "agent"].some((name) => composer.dataset[name] !== newComposer.dataset[name]);
  if (isOther || !typing) swapComposer(composer, newComposer);
  else renewQuestions(composer, newComposer);
  takeUpDrafts();
  if (atEnd) toEnd();
}

// Where the box stays, what is asked before something is done follows what was done: who was answered has been.
function renewQuestions(composer, made) {
  for (const form of made.querySelectorAll("form[action]")) {
    const same = composer.querySelector(`form[action="${form.getAttribute("action")}"]`);
    if (same && form.dataset.sure) same.dataset.sure = form.dataset.sure;
    else delete same?.dataset.sure;
  }
}

// What was just done can be taken back for a moment.
const UNDO = 5000;
function showUndo(made) {
  const [old, fresh] = [thread.querySelector(".undo"), made.querySelector(".undo")];
  if (old && fresh && old.of.value === fresh.of.value) return;
  old?.remove();
  if (fresh) thread.querySelector(".messages").before(fresh);
  forgetUndo();
}
function forgetUndo() {
  const undo = thread?.querySelector(".undo");
  if (undo) setTimeout(() => undo.remove(), UNDO);
}
// So can what was done on the page before, by whoever went on from it.
async function showUndoOfBefore() {
  const [page, at] = JSON.parse(sessionStorage.getItem("undo") ?? "[]");
  sessionStorage.removeItem("undo");
  if (!page || Date.now() - at > UNDO) return;
  const answer = await fetch(page, inTime()).catch(() => undefined);
  if (!answer?.ok || isSignIn(answer)) return;
  const made = parse(await answer.text());
  const [fresh, messages] = [made.querySelector(".undo"), thread?.querySelector(".messages")];
  if (!fresh || !messages || thread.querySelector(".undo")) return;
  fresh.querySelector("span").prepend(`${made.querySelector(".who h1").textContent}: `);
  messages.before(fresh);
  forgetUndo();
}

// What stands in a template's gaps stays while somebody types there or chooses.
const isChoosing = (composer) => [...composer.querySelectorAll(".picker select, .picker input:not([type=hidden])")]
  .some((field) => field === document.activeElement || field.value !== (field.defaultValue ?? field.value));

// The template that is chosen stands in the address: a reload and a live update show it again.
async function choose(template) {
  const address = new URL(location.href);
  if (template) address.searchParams.set("template", template);
  else address.searchParams.delete("template");
  const answer = await fetch(address.pathname + address.search, inTime()).catch(() => undefined);
  if (!answer?.ok || isSignIn(answer)) return location.assign(address);
  history.replaceState(history.state, "", address);
  const [picker, made] = [thread.querySelector(".picker"), parse(await answer.text()).querySelector(".picker")];
  if (!picker || !made) return refreshThread();
  tell(picker, "");
  picker.replaceWith(made);
  document.getElementById("template")?.focus();
}
addEventListener("change", ({ target }) => { if (target.id === "template" && thread?.contains(target)) choose(target.value); });
// The words follow what is typed.
addEventListener("input", ({ target }) => {
  for (const gap of target.form?.querySelectorAll(`.preview [data-gap="${CSS.escape(target.name)}"]`) ?? []) gap.textContent = target.value.trim() || gap.dataset.empty;
});

// Who is writing while somebody takes over goes on where they were. Where that box is gone, what is typed on is no command; the
// words stand as a draft.
let taken = 0;
function swapComposer(composer, made) {
  const held = boxes().find((box) => box === document.activeElement);
  const chose = composer.querySelector(".picker")?.contains(document.activeElement);
  composer.replaceWith(made);
  if (chose && !made.querySelector(".picker")) {
    taken = Date.now();
    thread.querySelector("h1").focus();
    return tell(made, made.dataset.mode === "reply" ? "They have written: answer in your own words." : "Somebody else is in charge now.");
  }
  if (!held) return;
  const box = boxes().find((box) => box.dataset.draft === held.dataset.draft);
  if (!box) {
    taken = Date.now();
    thread.querySelector("h1").focus();
    return tell(made, "Somebody else is in charge now. What you wrote is kept.");
  }
  box.value = held.value;
  box.closest("details")?.setAttribute("open", "");
  box.focus();
  box.setSelectionRange(held.selectionStart, held.selectionEnd);
}

// Many changes are fetched together, soon after the first of them, and one fetch after another, at most one a second. That the thread
// has changed is remembered until it is fetched, whoever else changes meanwhile.
const TOGETHER = 60, APART = 1000;
let refreshing = false, listChanged = false, threadChanged = false, happened = false, refreshed = Date.now();
async function refresh(contact, byClock) {
  listChanged = true;
  threadChanged ||= !contact || contact === current();
  happened ||= !byClock;
  if (refreshing) return;
  refreshing = true;
  while (listChanged) {
    await new Promise((done) => setTimeout(done, Math.max(TOGETHER, refreshed + APART - Date.now())));
    // What nobody sees is not read. It is fetched when the page is looked at again.
    const withThread = threadChanged && !document.hidden;
    const wholly = happened;
    if (withThread) threadChanged = happened = false;
    listChanged = false;
    // The thread first: who looks at it has read it, and the list says so.
    if (withThread) await refreshThread(wholly).catch(() => {});
    await refreshList().catch(() => {});
    refreshed = Date.now();
  }
  refreshing = false;
}

// Where the stream is silent for a while, and nothing else is answered either, what stands here is old and nothing can be sent.
const PATIENCE = 10000;
let lost, offline = false;
function connected(state) {
  // It is tried again and again, and asked for meanwhile.
  if (state && lost && state !== "Offline") return;
  clearTimeout(lost);
  lost = state ? setTimeout(askForIt, PATIENCE) : undefined;
  tellConnection(state);
}
async function askForIt() {
  const asked = lost;
  const answers = await fetch("/fragment/alerts", { cache: "no-store", ...inTime() }).then(({ status }) => status < 500, () => false);
  // The stream is there again.
  if (asked !== lost) return;
  lost = undefined;
  if (answers && offline) refresh();
  connected(answers ? "Reconnecting…" : "Offline");
}
function tellConnection(state) {
  offline = state === "Offline";
  const time = new Date(shown).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const says = offline ? `Offline, showing ${time}. What you write is kept; nothing can be sent now. ` : state;
  if (connection.dataset.says === says) return;
  connection.dataset.says = says;
  connection.className = offline ? "offline" : "";
  connection.textContent = says;
  if (offline) connection.insertAdjacentHTML("beforeend", '<a href="">Reload</a>');
  for (const button of thread.querySelectorAll("form[data-live] button")) button.ariaDisabled = offline ? "true" : null;
  if (!offline) for (const place of thread.querySelectorAll(".refused")) if (place.textContent === OFFLINE) place.textContent = "";
}
const OFFLINE = "Offline: nothing can be sent now. What you wrote is kept.";

if (list) {
  lead();
  tabs.onmessage = ({ data }) => hear(data);
  setInterval(keepTime, 15000);
  let leaving;
  addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) { if (!locks) leaving = setTimeout(leave, 10000); return; }
    if (!locks && !live) listen();
    watch();
    refresh();
  });
  addEventListener("online", () => { connected(""); watch(); refresh(); });
  addEventListener("offline", () => connected("Offline"));
  const place = `scroll ${list.dataset.view}`;
  list.scrollTop = Number(sessionStorage.getItem(place) ?? 0);
  // On a phone it is not there while a conversation is open.
  addEventListener("pagehide", () => { if (list.offsetParent) sessionStorage.setItem(place, list.scrollTop); });
  list.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  takeUpDrafts();
  forgetUndo();
  showUndoOfBefore();
  const found = location.hash.startsWith("#event-") && document.getElementById(location.hash.slice(1));
  if (found) found.scrollIntoView({ block: "center", behavior: "instant" });
  else toEnd();
  list.addEventListener("pointerover", (event) => { byFinger = event.pointerType === "touch"; });
  list.addEventListener("pointerdown", (event) => { pressed = event.button === 0; });
  // What is let go of is clicked a moment later.
  const later = () => setTimeout(() => { pressed = false; letGo(); }, 300);
  for (const ends of ["pointerup", "pointercancel", "pointerleave"]) list.addEventListener(ends, later);
  list.addEventListener("focusout", () => setTimeout(letGo, 300));
  newer.addEventListener("click", (event) => showNewer(!event.detail));
}

// On a narrow screen the details lie over the conversation: ×, Esc and Back close them, and none of these opens them again.
function panelLies() {
  const panel = document.getElementById("panel");
  return location.hash === "#panel" && panel && getComputedStyle(panel).position === "fixed";
}
function closePanel() {
  if (history.state?.panel) history.back();
  else location.replace("#thread");
}
addEventListener("hashchange", ({ oldURL }) => {
  if (panelLies()) {
    history.replaceState({ panel: true }, "");
    thread.querySelector(".close").focus();
  } else if (oldURL.endsWith("#panel")) thread?.querySelector(".to-panel")?.focus();
});

addEventListener("click", async (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens) return document.getElementById(opens.dataset.opens).showModal();
  if (event.target.closest(".panel .close") && panelLies()) {
    event.preventDefault();
    return closePanel();
  }
  const earlier = event.target.closest("a.earlier");
  if (!earlier) return;
  event.preventDefault();
  const answer = await fetch(earlier.href, inTime()).catch(() => undefined);
  if (!answer?.ok) return location.assign(earlier.href);
  const messages = thread.querySelector(".messages");
  const below = messages.scrollHeight - messages.scrollTop;
  // What is old is not read out.
  messages.ariaLive = "off";
  setTimeout(() => { messages.ariaLive = "polite"; }, 1000);
  messages.replaceChildren(...parse(await answer.text()).querySelector(".messages").childNodes);
  messages.scrollTo({ top: messages.scrollHeight - below, behavior: "instant" });
  history.replaceState(null, "", earlier.href);
});

// A picture or a sound that cannot be fetched is no broken sign: why stands in its place, in the link that asks for it again.
addEventListener("error", async ({ target }) => {
  const part = target.closest?.(".messages img, .messages audio");
  const row = part?.closest("li");
  if (!row) return;
  row.asMade ??= row.outerHTML;
  const why = document.createElement("span");
  why.className = "mode stop";
  why.textContent = "This file cannot be fetched just now.";
  part.replaceWith(why);
  const answer = await fetch(part.src, inTime()).catch(() => undefined);
  const said = answer && !answer.ok && parse(await answer.text()).querySelector("main.card h1");
  if (said) why.textContent = said.textContent;
}, true);

// A long table shows the rows that have the words.
document.getElementById("find")?.addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  const rows = [...document.querySelectorAll("#found tbody tr")];
  for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  document.getElementById("none-found").hidden = rows.some((row) => !row.hidden);
});
