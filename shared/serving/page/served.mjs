// Sends requests to the server. A page imports this as ask.mjs; the static build puts the project's on_device.mjs in its place.

const KEY = "api-key";

export const where = "Predictions come from the server that this page came from.";

export async function facts() {
  return json(await send("model"));
}

// `elements` are canvases, texts or recordings (WAV files as blobs) of one item; gives its result.
export async function ask(endpoint, elements, fields = {}) {
  const bodies = await Promise.all(elements.map(bodyOf));
  if (bodies.length === 1 && Object.keys(fields).length === 0) {
    return json(await send(endpoint, bodies[0]));
  }
  const form = new FormData();
  elements.forEach((element, index) => form.append(kindOf(element), bodies[index]));
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const [result] = (await json(await send(endpoint, form))).results;
  if (result.error) throw new Error(result.error);
  return result;
}

function kindOf(element) {
  if (typeof element === "string") return "texts";
  return element instanceof Blob ? "recordings" : "images";
}

function bodyOf(element) {
  if (typeof element === "string" || element instanceof Blob) return element;
  return new Promise((resolve) => element.toBlob(resolve, "image/png"));
}

async function send(path, body) {
  const key = sessionStorage.getItem(KEY);
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const response = await fetch(path, body === undefined ? { headers } : { method: "POST", body, headers });
  if (response.status !== 401) return response;
  const given = window.prompt("This server asks for its key:");
  if (!given) return response;
  sessionStorage.setItem(KEY, given);
  return send(path, body);
}

async function json(response) {
  const content = await response.json();
  if (!response.ok) throw new Error(content.detail ?? `status ${response.status}`);
  return content;
}
