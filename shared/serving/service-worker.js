// Keeps the whole site on the device, so that it opens without a network. SITE, its version and its files, stands above.

// Other sites of the same origin have caches beside this one's.
const [OURS, CURRENT] = [`${registration.scope} `, `${registration.scope} ${SITE.version}`];

self.addEventListener("install", (event) => {
  // The browser's own cache may still have files of the version before.
  const files = SITE.files.map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(CURRENT).then((cache) => cache.addAll(files)));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name.startsWith(OURS) && name !== CURRENT));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith(caches.match(event.request, { cacheName: CURRENT, ignoreSearch: true }).then((found) => found ?? fetch(event.request)));
});
