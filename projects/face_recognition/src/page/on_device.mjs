// Computes on the device what served.mjs gets from the server: the same functions, the same results.

import { cropOf } from "./alignment.mjs";
import { detect } from "./detector.mjs";
import { examples, facts, network, pixelsOf, run, where as computed } from "./device.mjs";
import { enroll, forget, people, photosOf } from "./gallery.mjs";
import { treesOf } from "./landmarks.mjs";
import { imageOf } from "./images.mjs";

const MAX_NAME_LENGTH = 100; // as in src/gallery.py
const NEAREST = 3;
const SMALLEST_FACE = 20; // as in src/recognizer.py
const UNREADABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u; // what Python's isprintable refuses

const networks = { pnet: network("pnet.onnx"), rnet: network("rnet.onnx"), onet: network("onet.onnx") };
const trees = fetch("trees.safetensors").then((response) => response.arrayBuffer()).then(treesOf);
const thresholds = fetch("decision.json").then((response) => response.json());

export { examples, facts };
export const where = `${computed} Who was enrolled is kept by this browser, on this device alone.`;
export const gallery = { forget, people };

export async function ask(verb, canvases, { name } = {}) {
  if (verb === "enroll") return add(checked(name), canvases[0]);
  const found = [];
  for (const canvas of canvases) found.push(await facesOf(canvas));
  return verb === "verify" ? compare(...found) : identify(...found);
}

// The faces of an image, the largest first, each with its embedding.
export async function facesOf(canvas) {
  await new Promise((resolve) => setTimeout(resolve)); // so that the page shows what it is doing before it is busy
  const { alignment, crop_size: size, detector } = await facts();
  const image = imageOf(pixelsOf(canvas));
  const faces = await detect(image, networks, detector);
  for (const face of faces) {
    face.crop = cropOf(image, face.landmarks, await trees, alignment, size);
    face.embedding = (await run("uint8", face.crop, [1, 3, size, size])).embeddings.data;
  }
  return faces;
}

async function compare(...found) {
  for (const [index, { length }] of found.entries()) {
    const image = `the ${["first", "second"][index]} image`;
    if (length === 0) return { prediction: "no face", detail: `${image} shows no face` };
    if (length > 1) return { prediction: "several faces", detail: `${image} shows ${length} faces; crop it to one` };
  }
  const [[one], [other]] = found;
  const alike = similarity(one.embedding, other.embedding);
  return { prediction: await decide(alike), similarity: alike, thresholds: (await decision()).origin };
}

async function identify(faces) {
  if (!faces.length) return { status: "no face", faces: [] };
  const { embedder, origin } = await decision();
  const photos = await photosOf(embedder);
  const rows = faces.map(async ({ box, embedding }) => {
    const nearest = nearestOf(photos, embedding);
    const best = nearest.length ? await decide(nearest[0].similarity) : "different";
    const prediction = { same: nearest[0]?.name, different: "unknown" }[best] ?? best;
    return { prediction, box: box.map((value) => Math.round(10 * value) / 10), nearest };
  });
  return { status: "faces", faces: await Promise.all(rows), thresholds: origin };
}

async function add(name, canvas) {
  const faces = await facesOf(canvas);
  if (faces.length !== 1) {
    const detail = faces.length ? `shows ${faces.length} faces; crop it to one` : "shows no face";
    return { status: "refused", detail: `the image ${detail}` };
  }
  const added = await enroll(name, (await facts()).embedder, faces[0].embedding);
  if (added.owner === undefined) {
    const close = { ...(await facts()).detector, min_faces: [SMALLEST_FACE] };
    const others = (await detect(imageOf(pixelsOf(canvas)), networks, close)).length - 1;
    return { status: "enrolled", name, new: added.new, smaller_faces: Math.max(0, others) };
  }
  const detail = `a photo of ${name} is enrolled as ${added.owner} already; forget one of the two first`;
  return { status: "refused", detail };
}

// The nearest people, each by the best photo, the nearest first.
function nearestOf(photos, embedding) {
  const best = new Map();
  for (const { name, embedding: known } of photos) {
    best.set(name, Math.max(similarity(known, embedding), best.get(name) ?? -Infinity));
  }
  const nearest = [...best].map(([name, alike]) => ({ name, similarity: alike }));
  return nearest.sort((a, b) => b.similarity - a.similarity).slice(0, NEAREST);
}

// 1 - d² / 2 of the distance d.
function similarity(one, other) {
  return 1 - one.reduce((sum, value, index) => sum + (value - other[index]) ** 2, 0) / 2;
}

async function decide(alike) {
  const { same_above, different_below } = await decision();
  if (alike > same_above) return "same";
  return alike < different_below ? "different" : "can't tell";
}

async function decision() {
  const [given, { embedder }] = [await thresholds, await facts()];
  if (given.embedder !== embedder) throw new Error("the thresholds are another embedder's; export it, and build again");
  return given;
}

function checked(name) {
  if (name.trim() && !UNREADABLE.test(name) && [...name].length <= MAX_NAME_LENGTH) return name;
  throw new Error("the name is empty, too long, or cannot be read");
}
