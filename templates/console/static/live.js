"use strict";
// How a page hears that something changed. What it does then is in console.js.

// One tab listens and tells the others: a browser opens six connections to a server, and what a seventh tab asked for would never come.
// Where there are no locks, by plain http from another machine, each tab listens that is looked at.
const locks = navigator.locks;
const tabs = new BroadcastChannel("live");
// The server says something every 20 s. A connection that a proxy dropped, or that slept, is silent and never fails.
const SILENCE = 45000;
let live, pause = 1000, again, heard = Date.now(), shown = heard, silent = 0;
function hear({ kind, data }) {
  heard = Date.now();
  if (kind !== "state") shown = heard;
  silent = 0;
  if (kind === "changed") refresh(data);
  else if (kind === "resync") refresh();
  else if (kind === "state") connected(data);
  else if (kind === "session-expired") {
    leave();
    // Whoever signs in again finds what they were writing.
    for (const box of boxes()) if (box.waiting) hold(box);
    location.reload();
  }
  // What happened before is missing, except on a page that has just come.
  else if (kind === "open") { connected(""); if (performance.now() > 3000) refresh(); }
}
function tellTabs(kind, data) {
  hear({ kind, data });
  tabs.postMessage({ kind, data });
}
function leave() {
  clearTimeout(again);
  live?.close();
  live = undefined;
}
function listen() {
  leave();
  const stream = live = new EventSource("/live");
  for (const kind of ["changed", "resync", "ping", "session-expired"]) stream.addEventListener(kind, ({ data }) => tellTabs(kind, data));
  stream.onopen = () => { pause = 1000; tellTabs("open"); };
  stream.onerror = () => {
    tellTabs("state", navigator.onLine ? "Reconnecting…" : "Offline");
    // An answer that is none, such as a proxy's while the server starts, ends it for good.
    if (stream.readyState !== EventSource.CLOSED || stream !== live) return;
    again = setTimeout(listen, pause);
    pause = Math.min(pause * 2, 30000);
  };
}
async function lead(steal = false) {
  if (!locks) return listen();
  try {
    await locks.request("live", { steal }, () => new Promise(listen));
  } catch {
    // Another tab heard nothing from this one, which may have been asleep. Who took it from others still stands in the queue.
    leave();
    if (!steal) lead();
  }
}
function watch() {
  if (Date.now() - heard < SILENCE) return;
  if (live) { heard = Date.now(); listen(); }
  else if (locks && ++silent > 1) lead(true);
}
function keepTime() {
  watch();
  // Times stand still where nothing happens. Where nobody tells a hidden tab, its title asks for itself.
  if ((document.hidden && locks) || refreshing || Date.now() - refreshed < 60000) return;
  refresh(undefined, true);
}
