"use strict";
// Pages show notifications by this worker; who presses on one comes to the conversation, in a page of the inbox that is there already.
async function open(address) {
  const pages = await clients.matchAll({ type: "window" });
  const page = pages.find(({ url }) => new URL(url).pathname.startsWith("/inbox"));
  if (!page) return clients.openWindow(address);
  await page.focus();
  return page.navigate(address);
}
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});
// Pages that were open before are led as well.
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
