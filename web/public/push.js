// Shows what the server pushes while no page is open; a click opens the page.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : { title: "heat twin", body: "" };
  event.waitUntil(
    self.registration.showNotification(told.title, {
      body: told.body,
      tag: told.tag,
      icon: "/favicon.svg",
      data: { url: told.url || "/" },
    }),
  );
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.url));
});
