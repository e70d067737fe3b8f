"use strict";
// Forms are sent without a reload.
// What was wrong stands beside the form.
function tell(form, what) {
  const place = form.querySelector(".refused") ?? form.closest(".composer")?.querySelector(".refused") ?? thread?.querySelector(".refused");
  if (place) place.textContent = what;
}

// A form is sent in the background, once at a time; what was sent is cleared only after the server has taken it. What was typed
// meanwhile stays, and goes next if it was sent meanwhile. A button that was disabled would lose the focus, and the next letter would be a command.
async function send(form, submitter) {
  if (form.ariaBusy === "true") { form.dataset.again = "yes"; return; }
  const box = form.querySelector("textarea, input:not([type=hidden])");
  const button = submitter ?? form.querySelector("button");
  const drafted = box?.dataset.draft;
  // Where it is refused nobody goes on, and not with the next try either.
  const goOn = form.dataset.next;
  delete form.dataset.next;
  const sent = box?.value;
  // A morning is one where whoever asks for it is.
  if (form.zone) form.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const body = new URLSearchParams(new FormData(form, submitter));
  form.ariaBusy = "true";
  button.ariaDisabled = "true";
  if (drafted) {
    clearTimeout(box.waiting);
    // Where the page is left before the answer it is no draft: it may have been sent.
    sessionStorage.removeItem(nameOf(box));
  }
  const slow = setTimeout(() => tell(form, "The server has not answered yet…"), 2500);
  try {
    // Kept after it was sent, it would come back as a draft.
    await box?.keeping;
    const answer = await fetch(form.action, { method: "POST", body, ...inTime() });
    if (isSignIn(answer)) {
      if (drafted) hold(box);
      return location.assign(`/sign-in?back=${encodeURIComponent(location.pathname)}`);
    }
    if (!answer.ok) {
      const made = parse(await answer.text());
      if (drafted) keep(box, true);
      // What stands between may answer in place of the server, with a page of its own.
      const ours = made.querySelector("link[href='/static/console.css']");
      const said = [...made.querySelectorAll(".refused")].map((place) => place.textContent.trim()).find((text) => text);
      // Whose page was old sees first how things stand.
      if (ours && !drafted && form.closest(".composer, .banner")) await refreshThread().catch(() => {});
      if (ours) return tell(form.isConnected ? form : thread, said ?? made.querySelector("main.card")?.textContent.trim() ?? "This was not done. Try again.");
      return tell(form, `Not done: the server does not answer just now.${drafted ? " What you wrote is kept." : ""} Try again.`);
    }
    tell(form, "");
    // What is written next is another message.
    const made = parse(await answer.text());
    const key = made.querySelector(`form[action="${form.getAttribute("action")}"] [name=key]`);
    if (key && form.key) form.key.value = key.value;
    if (box) box.value = box.value.startsWith(sent) ? box.value.slice(sent.length) : box.value;
    markDrafts();
    if (drafted) sessionStorage.removeItem(nameOf(box));
    if (box?.value && drafted) keep(box, true);
    form.ariaBusy = null;
    form.closest(".snooze")?.removeAttribute("open");
    if (form.at) sessionStorage.removeItem(`draft ${current()} ${form.at.value}`);
    // What was sent is chosen no more.
    if (form.closest(".picker")) {
      form.remove();
      await choose("");
    }
    const wrote = drafted && !document.activeElement?.matches("textarea, input:not([type=hidden])");
    if (goOn) return goOnTo(goOn);
    await refreshThread().catch(() => {});
    const [reply, again] = [document.getElementById("reply"), wrote && document.getElementById(box.id)];
    if (form.action.endsWith("/take") && reply) writeOn(reply);
    else if (form.action.endsWith("/take")) document.getElementById("template")?.focus();
    else if (form.action.endsWith("/release")) thread.querySelector("h1")?.focus();
    else if (form.action.endsWith("/again")) thread.querySelector(".messages").focus();
    else if (again && again.offsetParent) writeOn(again);
    // Whatever was pressed may be gone: the next key is not lost for it.
    else if (document.activeElement === document.body) thread.querySelector("h1")?.focus();
    refreshList().catch(() => {});
  } catch {
    // It may have arrived all the same: its key makes it count once.
    tell(form, `No answer from the server.${drafted ? " What you wrote is kept." : ""} Try again: what has arrived counts once.`);
    if (drafted) keep(box, true);
  } finally {
    clearTimeout(slow);
    form.ariaBusy = button.ariaDisabled = null;
    const next = form.dataset.again && form.isConnected && box?.value.trim();
    delete form.dataset.again;
    if (next) send(form);
  }
}

addEventListener("submit", (event) => {
  const form = event.target;
  if (offline && form.matches("form[data-live]")) {
    event.preventDefault();
    return tell(form, OFFLINE);
  }
  if (form.dataset.sure && !confirm(form.dataset.sure)) return event.preventDefault();
  if (form.action.endsWith("/sign-out")) sessionStorage.clear();
  if (!form.matches("form[data-live]")) return;
  event.preventDefault();
  send(form, event.submitter);
});
