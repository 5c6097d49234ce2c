// Sends requests to the server. A page imports this as ask.mjs; the static build puts the project's on_device.mjs in its place.

const KEY = "api-key";
const commands = new Map(); // by endpoint

export const where = "Predictions come from the server that this page came from.";

export async function facts() {
  return json(await send("model"));
}

export async function examples() {
  return json(await send("examples.json"));
}

// `elements` are canvases, texts or recordings (WAV files as blobs) of one item; gives its result.
export async function ask(endpoint, elements, fields = {}) {
  showCommand(endpoint, elements, fields);
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

// The last request to each endpoint as a command; its files have the names that the user has to replace.
function showCommand(endpoint, elements, fields) {
  const [kind, url] = [kindOf(elements[0]), new URL(endpoint, location.href).href];
  const file = kind === "recordings" ? "recording.wav" : "image.png";
  const raw = kind === "texts" ? `-H 'Content-Type: text/plain' --data-raw ${quoted(elements[0])}` : `--data-binary @${file}`;
  const form = [
    ...elements.map((_, index) => `-F ${kind}=@${index + 1}-${file}`),
    ...Object.entries(fields).map((field) => `--form-string ${quoted(field.join("="))}`),
  ];
  const key = sessionStorage.getItem(KEY) ? `-H "Authorization: Bearer $KEY"` : "";
  const body = elements.length === 1 && !Object.keys(fields).length ? raw : form.join(" ");
  commands.set(endpoint, ["curl", quoted(url), key, body].filter(Boolean).join(" "));
  document.getElementById("request").hidden = false;
  document.getElementById("commands").replaceChildren(...Array.from(commands.values(), commandRow));
}

function commandRow(command) {
  const [row, code, copy] = ["div", "code", "button"].map((tag) => document.createElement(tag));
  code.textContent = command;
  Object.assign(copy, { type: "button", textContent: "Copy", hidden: !navigator.clipboard });
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command);
    copy.textContent = "Copied";
  });
  row.append(code, copy);
  return row;
}

// For a shell.
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
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
