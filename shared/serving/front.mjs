// Keeps the site on the device from the first visit on.

navigator.serviceWorker?.register("service-worker.js");
