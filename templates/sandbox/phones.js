"use strict";
// Customers of different countries; more can be added. They are remembered in this browser.
const FIRST = [
  { number: "+12125550142", name: "Ada" }, { number: "+85251234567", name: "Wing" }, { number: "+8613800138000", name: "Li" },
  { number: "+79161234567", name: "Olga" }, { number: "+393331234567", name: "Marco" }, { number: "+5511987654321", name: "Bia" },
];
const digits = (number) => number.replace(/\D/g, "");
let people = FIRST;
try { people = JSON.parse(localStorage.getItem("phones")) || FIRST; } catch { /* a private window: the first ones */ }
const screens = new Map();

function say(customer, said, extra) {
  return fetch("/sandbox/say", {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ customer, said, ...extra }),
  });
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function words(message) {
  if (message.mine) return message.text;
  const interactive = message.interactive;
  if (interactive) return interactive.body.text;
  if (message.template) return templateWords(message.template);
  return message.text?.body ?? message.image?.caption ?? "";
}

// The address of a button stands under it.
function templateWords({ words, name, buttons = [] }) {
  if (!words) return `[${name}]`;
  const addresses = buttons.map((button) => button.url);
  return words.split("\n").filter((line) => !addresses.includes(line)).join("\n");
}

// As on a real phone, an address can be tapped.
function tappable(text) {
  return text.split(/(https?:\/\/\S+)/).map((part, index) => {
    if (index % 2 === 0) return part;
    const link = element("a", part);
    link.href = part;
    link.target = "_blank";
    link.rel = "noreferrer";
    return link;
  });
}

// What is tapped under a template: a quick reply answers, an address opens; the others tell what they would do.
function pressed(customer, message, { text, payload, url }) {
  const button = element(url ? "a" : "button", text ?? "Open", "press");
  if (url) Object.assign(button, { href: url, target: "_blank", rel: "noreferrer" });
  else Object.assign(button, { type: "button", disabled: !payload });
  if (payload) button.onclick = () => say(customer, { quick_reply: { text, message: message.id } });
  return button;
}

function choices(customer, message) {
  const buttons = message.template?.buttons ?? [];
  if (buttons.length) {
    const box = element("div", undefined, "choices");
    box.append(...buttons.map((button) => pressed(customer, message, button)));
    return box;
  }
  const action = message.interactive?.action;
  if (!action) return null;
  const box = element("div", undefined, "choices");
  for (const { reply } of action.buttons ?? []) {
    const button = element("button", reply.title);
    button.type = "button";
    button.onclick = () => say(customer, { button: { id: reply.id, title: reply.title } });
    box.append(button);
  }
  for (const row of (action.sections ?? []).flatMap((section) => section.rows)) {
    const button = element("button", row.title);
    button.type = "button";
    if (row.description) button.append(element("small", row.description));
    button.onclick = () => say(customer, { row: { id: row.id, title: row.title } });
    box.append(button);
  }
  return box;
}

// As a swipe does on a real phone: what is written next quotes this message.
function quoteButton({ form }, message) {
  const button = element("button", undefined, "quote");
  button.type = "button";
  button.setAttribute("aria-label", `Quote: ${words(message).slice(0, 60)}`);
  button.onclick = () => { quote(form, message); form.text.focus(); };
  return button;
}

function quote(form, message) {
  if (message) form.dataset.quote = message.id;
  else delete form.dataset.quote;
  const quoted = form.querySelector(".quoted");
  quoted.hidden = !message;
  quoted.querySelector("span").textContent = message ? words(message) : "";
}

// What the composer sends: words that come from an ad, that quote a message, or that do neither.
function said(form, text) {
  const { ad, quote: message } = form.dataset;
  if (ad) return { from_ad: { text, headline: ad } };
  return message ? { quote: { text, message } } : { text };
}

async function refresh(number) {
  const phone = screens.get(number);
  if (!phone) return;
  const messages = await (await fetch(`/sandbox/phone/${number}`)).json();
  const atEnd = phone.list.scrollHeight - phone.list.scrollTop - phone.list.clientHeight < 60;
  phone.list.replaceChildren(...messages.map((message) => {
    const item = element("li", undefined, message.mine ? "mine" : "");
    item.append(...tappable(words(message)));
    item.dir = "auto";
    const box = choices(phone.customer, message);
    if (box) item.append(box);
    if (message.id) item.append(quoteButton(phone, message));
    return item;
  }));
  if (!messages.length) phone.list.append(element("li", "Say hello, or ask for a phone under 300.", "empty"));
  if (atEnd) phone.list.scrollTop = phone.list.scrollHeight;
}

function show(customer) {
  const number = digits(customer.number);
  if (screens.has(number)) return;
  const phone = document.getElementById("phone").content.firstElementChild.cloneNode(true);
  phone.id = `phone-${number}`;
  phone.querySelector(".name").textContent = customer.name;
  phone.querySelector(".number").textContent = customer.number;
  const list = phone.querySelector(".screen");
  list.setAttribute("aria-label", `Chat of ${customer.name}`);
  const form = phone.querySelector(".composer");
  screens.set(number, { customer, list, form });
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = form.text.value.trim();
    if (!text) return;
    say(customer, said(form, text)).then((answer) => { if (answer.ok) form.text.value = ""; });
    delete form.dataset.ad;
    quote(form);
  };
  form.querySelector(".quoted button").onclick = () => quote(form);
  form.querySelectorAll("[data-do]").forEach((button) => {
    button.onclick = () => {
      form.querySelector("details").open = false;
      const what = button.dataset.do;
      if (what === "location") say(customer, { location: { latitude: 22.3, longitude: 114.17 } });
      if (what === "image") say(customer, { image: { caption: form.text.value } });
      if (what === "ad") { form.dataset.ad = "Autumn offer"; form.text.value ||= "Can I get more info on this?"; form.text.focus(); }
      if (what === "stop") say(customer, undefined, { marketing: false });
    };
  });
  document.getElementById("phones").append(phone);
  refresh(number);
}

document.getElementById("add").onsubmit = (event) => {
  event.preventDefault();
  const box = event.target.number;
  const number = "+" + digits(box.value);
  const there = people.some((other) => other.number === number);
  box.setCustomValidity(there ? "This phone is there already." : /^\+\d{7,15}$/.test(number) ? "" : "A number with its country’s code: +4915112345678");
  if (!event.target.reportValidity()) return;
  const customer = { number, name: `Customer ${number.slice(-3)}` };
  people.push(customer);
  try { localStorage.setItem("phones", JSON.stringify(people)); } catch { /* a private window */ }
  show(customer);
  event.target.reset();
};
document.getElementById("add").oninput = (event) => event.target.setCustomValidity("");
people.forEach(show);
const live = new EventSource("/sandbox/live");
live.addEventListener("changed", (event) => refresh(event.data));
live.onopen = () => screens.forEach((_, number) => refresh(number));
