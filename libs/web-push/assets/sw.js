// Shows what is pushed, and opens where it leads.
self.addEventListener('push', (event) => {
  const { notification, clarion } = event.data?.json() ?? {};
  if (clarion?.kind === 'close') event.waitUntil(close(clarion.tags));
  if (clarion?.kind !== 'show') return;
  const { title, body, tag, icon, timestamp } = notification;
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon, timestamp, data: { clarion } }));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data?.clarion?.url ?? '/'));
});

async function close(tags) {
  for (const notification of await self.registration.getNotifications())
    if (tags.includes(notification.tag)) notification.close();
}
