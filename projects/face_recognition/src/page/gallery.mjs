// The people that are known on this device: a name and an embedding for each photo, in the browser's IndexedDB.

const FORMAT_VERSION = 1;
const DATABASE = `gallery of ${new URL(".", import.meta.url).pathname}`; // another page of this site has another one
const PHOTOS = "photos";

// All photos that were enrolled with this embedder: [{ name, embedding }].
export async function photosOf(embedder) {
  return (await inTransaction("readonly", allOf)).filter((photo) => photo.embedder === embedder);
}

// Adds a photo of a person; gives how many were new, or the `owner` of the name under which it is there already.
export function enroll(name, embedder, embedding) {
  return inTransaction("readwrite", async (store) => {
    const equal = (photo) => photo.embedder === embedder && photo.embedding.every((value, i) => value === embedding[i]);
    const known = (await allOf(store)).find(equal);
    if (known) return known.name === name ? { new: 0 } : { owner: known.name };
    await promised(store.add({ name, embedder, embedding }));
    return { new: 1 };
  });
}

// Who is enrolled, by name: [{ name, photos }].
export async function people() {
  const counts = new Map();
  for (const { name } of await inTransaction("readonly", allOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, photos]) => ({ name, photos })).sort((a, b) => a.name.localeCompare(b.name));
}

// Deletes all photos of a person; gives how many there were.
export function forget(name) {
  return inTransaction("readwrite", async (store) => {
    const keys = await promised(store.index("name").getAllKeys(name));
    await Promise.all(keys.map((key) => promised(store.delete(key))));
    return keys.length;
  });
}

// What the action gives, once all that it wrote is kept.
async function inTransaction(mode, action) {
  const database = await opened();
  try {
    const transaction = database.transaction(PHOTOS, mode);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([action(transaction.objectStore(PHOTOS)), ended]);
    return result;
  } finally {
    database.close();
  }
}

function opened() {
  const request = indexedDB.open(DATABASE, FORMAT_VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(PHOTOS, { autoIncrement: true }).createIndex("name", "name");
  };
  return promised(request);
}

function allOf(store) {
  return promised(store.getAll());
}

function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(`the browser's storage refuses (${request.error.message})`));
  });
}
