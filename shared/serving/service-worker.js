// Keeps the whole site on the device, so that it opens without a network. SITE, its version and its files, stands above.

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SITE.version).then((cache) => cache.addAll(SITE.files)));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== SITE.version));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith(caches.match(event.request, { ignoreSearch: true }).then((found) => found ?? fetch(event.request)));
});
