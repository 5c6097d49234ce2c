// Compare two faces; find out who is in an image; enroll the one face that it shows.

import * as source from "./ask.mjs";
import { latest, load, showFacts, showProblem } from "./common.mjs";
import { offerExamples, takeFiles } from "./input.mjs";

const { ask, facts, gallery, where } = source; // there is a gallery where it is kept on the device
const LARGEST_SIDE = 1024;
const element = (id) => document.getElementById(id);
const images = { first: null, second: null, photo: null };

function show(id) {
  const [canvas, image] = [element(id), images[id]];
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
}

async function take(id, file, action) {
  const image = await latest(id, load(file, LARGEST_SIDE, (await facts()).value_range));
  if (!image) return; // another one has been chosen meanwhile
  images[id] = image;
  show(id);
  await action();
}

async function compare() {
  if (!images.first || !images.second) return;
  element("same").textContent = "Looking at them …";
  element("same-detail").textContent = "";
  const found = await latest("same", ask("verify", [images.first, images.second]));
  if (!found) return;
  const words = { same: "The same person.", different: "Different people.", "can't tell": "Can't tell." };
  Object.assign(words, { "no face": "No face.", "several faces": "Several faces." });
  element("same").textContent = words[found.prediction];
  element("same-detail").textContent =
    found.detail ?? `Similarity ${found.similarity.toFixed(3)}. The thresholds are ${found.thresholds}.`;
}

async function identify() {
  element("who").textContent = "Looking at it …";
  element("enroll").disabled = true;
  const found = await latest("who", ask("predict", [images.photo]));
  if (!found) return;
  const { faces } = found;
  show("photo");
  faces.forEach(({ box, prediction }) => frame(box, prediction));
  element("who").textContent = faces.map(({ prediction }) => prediction).join(", ") || "No face.";
  element("enroll").disabled = faces.length !== 1;
}

function frame([left, top, right, bottom], label) {
  const canvas = element("photo");
  const context = canvas.getContext("2d");
  const line = Math.max(2, canvas.width / 200);
  Object.assign(context, { strokeStyle: "#fb923c", fillStyle: "#fb923c", lineWidth: line });
  context.font = `${8 * line}px sans-serif`;
  context.strokeRect(left, top, right - left, bottom - top);
  context.fillText(label, left, Math.max(8 * line, top - 2 * line));
}

async function enroll() {
  const name = element("name").value.trim();
  if (!name) throw new Error("a name is needed");
  const found = await ask("enroll", [images.photo], { name });
  await Promise.all([identify(), showPeople()]);
  if (found.detail) element("who").textContent = `Not enrolled: ${found.detail}.`;
  if (found.smaller_faces) element("who").textContent += `; the largest face is enrolled, beside ${found.smaller_faces} smaller`;
}

// Who is enrolled on this device, each with a button to forget them.
async function showPeople() {
  if (!gallery) return;
  element("keeping").textContent =
    "Names and embeddings, no images, lie in this browser's storage on this device (IndexedDB), until you forget " +
    "them here or delete the data of this site.";
  const rows = (await gallery.people()).map(({ name, photos }) => {
    const [row, label, button] = ["li", "span", "button"].map((tag) => document.createElement(tag));
    label.textContent = `${name}: ${photos} ${photos === 1 ? "photo" : "photos"}`;
    Object.assign(button, { type: "button", textContent: "Forget", ariaLabel: `Forget ${name}` });
    button.addEventListener("click", () => attempt("who", () => forget(name)));
    row.append(label, button);
    return row;
  });
  element("people").replaceChildren(...rows);
}

async function forget(name) {
  await gallery.forget(name);
  await Promise.all([showPeople(), images.photo && identify()]);
}

// A problem is shown at `place`.
async function attempt(place, action) {
  try {
    await action();
  } catch (error) {
    showProblem(element(place), error);
  }
}

for (const [id, answer, action] of [["first", "same", compare], ["second", "same", compare], ["photo", "who", identify]]) {
  const area = element(id === "photo" ? "who-card" : id);
  takeFiles(`${id}-file`, (file) => take(id, file, action), { answer, area, camera: "user" });
}
element("enroll").addEventListener("click", () => attempt("who", enroll));
attempt("who", showPeople);
showFacts(await facts(), where);
offerExamples(
  (first, second) => Promise.all([take("first", first, compare), take("second", second, compare)]),
  { answer: "same", title: "Photographs to compare" },
);
