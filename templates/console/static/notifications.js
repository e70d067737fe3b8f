"use strict";
// Who waits for a person or for oneself: in the title, in the head, and outside of this page to whoever asked for it.
const waiting = document.getElementById("waiting");
let hot = Number(waiting?.dataset.hot ?? 0);
const callsIn = (told) => (told ?? "").split(" ").filter(Boolean);
let calls = callsIn(waiting?.dataset.calls);

function title() {
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (hot) document.title = `(${hot}) ${document.title}`;
  if (!waiting) return;
  waiting.hidden = !hot;
  waiting.textContent = hot === 1 ? "1 waits" : `${hot.toLocaleString("en")} wait`;
}
title();

// A call is the number of a customer who waits for a person, or of one's own who has written, then with how much is unread. Numbers
// are compared, not how many there are: a colleague may have taken one at the same moment. Returns how many new ones want a person.
function nowCalling({ hot: count, calls: told }) {
  const fresh = callsIn(told).filter((call) => !calls.includes(call));
  hot = Number(count);
  calls = callsIn(told);
  title();
  if (fresh.length && document.hidden) notify(fresh).catch(() => {});
  return fresh.filter((call) => !isOwn(call)).length;
}
const isOwn = (call) => call.includes(":");

// By the worker, since phones take notifications from nobody else. Tabs that say the same show it once: it has the same tag.
async function notify(fresh) {
  if (globalThis.Notification?.permission !== "granted") return;
  const [customer] = fresh[0].split(":");
  const view = fresh.every(isOwn) ? "/inbox/mine" : "/inbox/hot";
  const says = fresh.length > 1 ? `${fresh.length} customers wait for you` : isOwn(fresh[0]) ? "Your customer has written" : "A customer waits for a person";
  await navigator.serviceWorker.register("/worker.js");
  const worker = await navigator.serviceWorker.ready;
  await worker.showNotification(says, { tag: fresh.join(" "), data: fresh.length > 1 ? view : `${view}/${customer}` });
}

const callMe = document.getElementById("call-me");
if (callMe && navigator.serviceWorker && globalThis.Notification?.permission === "default") {
  callMe.hidden = false;
  callMe.onclick = async () => { callMe.hidden = await Notification.requestPermission() !== "default"; };
}
