// Finds faces and their landmarks: detector.py in JavaScript, with the MTCNN that it calls as facenet-pytorch computes it.

import { resized } from "./images.mjs";

const CELL = 12; // the side of what the first network looks at
const STRIDE = 2; // of its steps
const OVERLAPS = { level: 0.5, image: 0.7 }; // boxes that share more are taken for one

// The faces of an image, the largest first: { box, confidence, landmarks }, in pixels of the image.
export async function detect(image, networks, settings) {
  const scale = Math.min(1, settings.max_side / Math.max(image.width, image.height));
  const small = resized(image, scale);
  let found = [];
  for (const minFace of settings.min_faces) {
    if (found.length) break; // the second search is for images in which the first one has missed the faces
    found = (await search(small, minFace, networks, settings)).filter(({ score }) => score >= settings.min_confidence);
  }
  const ratio = image.width / small.width;
  return found
    .map(({ box, score, landmarks }) => ({
      box: box.map((value) => value * ratio),
      confidence: score,
      landmarks: landmarks.map(([x, y]) => [x * ratio, y * ratio]),
    }))
    .sort((a, b) => area(b.box) - area(a.box));
}

async function search(image, minFace, { pnet, rnet, onet }, { factor, thresholds }) {
  if (Math.min(image.width, image.height) < minFace) return [];
  const proposed = [];
  let scale = CELL / minFace;
  for (let least = Math.min(image.width, image.height) * scale; least >= CELL; least *= factor, scale *= factor) {
    proposed.push(...kept(await proposals(image, scale, pnet, thresholds[0]), OVERLAPS.level, overlap));
  }
  const first = kept(proposed, OVERLAPS.image, overlap).map((found) => ({ ...found, box: squared(moved(found, 0)) }));
  const passed = await judged(image, first, rnet, 24, thresholds[1]);
  const second = kept(passed, OVERLAPS.image, overlap).map((found) => ({ ...found, box: squared(moved(found, 1)) }));
  const last = await judged(image, second, onet, 48, thresholds[2]);
  return kept(last.map((found) => ({ ...found, box: moved(found, 1) })), OVERLAPS.image, overlapOfSmaller);
}

// Where the first network, on the image in this scale, sees a face.
async function proposals(image, scale, pnet, threshold) {
  const [width, height] = [image.width, image.height].map((side) => Math.trunc(side * scale + 1));
  const pixels = averaged(image, [0, 0, image.width, image.height], width, height);
  const { offsets, probabilities } = await pnet("float32", pixels, [1, 3, height, width]);
  const [, , rows, columns] = probabilities.dims;
  const count = rows * columns;
  const found = [];
  for (let i = 0; i < count; i++) {
    const score = probabilities.data[count + i];
    if (score < threshold) continue;
    const [x, y] = [STRIDE * (i % columns), STRIDE * Math.floor(i / columns)];
    const box = [x + 1, y + 1, x + CELL, y + CELL].map((at) => Math.floor(Math.fround(at / Math.fround(scale))));
    found.push({ box, score, offsets: [0, 1, 2, 3].map((side) => offsets.data[side * count + i]) });
  }
  return found;
}

// The boxes of which a network, looking at each as a square of this side, is sure enough; with landmarks if it gives any.
async function judged(image, boxes, network, side, threshold) {
  const inside = boxes.map(({ box }) => ({ box, part: cutOff(box, image) }));
  const seen = inside.filter(({ part: [left, top, right, bottom] }) => right > left && bottom > top);
  if (!seen.length) return [];
  const size = 3 * side * side;
  const pixels = new Float32Array(seen.length * size);
  seen.forEach(({ part }, index) => pixels.set(averaged(image, part, side, side), index * size));
  const { offsets, landmarks, probabilities } = await network("float32", pixels, [seen.length, 3, side, side]);
  return seen
    .map(({ box }, index) => ({
      box,
      score: probabilities.data[2 * index + 1],
      offsets: [...offsets.data.subarray(4 * index, 4 * index + 4)],
      landmarks: landmarks && placed(landmarks.data.subarray(10 * index, 10 * index + 10), box),
    }))
    .filter(({ score }) => score > threshold);
}

// Landmarks are given in shares of the box: first all x, then all y.
function placed(shares, [left, top, right, bottom]) {
  return [0, 1, 2, 3, 4].map((index) => [
    (right - left + 1) * shares[index] + left - 1,
    (bottom - top + 1) * shares[5 + index] + top - 1,
  ]);
}

// The part of an image that a box covers; boxes count pixels from one.
function cutOff(box, { width, height }) {
  const [left, top, right, bottom] = box.map(Math.trunc);
  return [Math.max(left, 1) - 1, Math.max(top, 1) - 1, Math.min(right, width), Math.min(bottom, height)];
}

// A box after the network has moved its sides, in shares of its own, which are longer by `more`.
function moved({ box, offsets }, more) {
  const sides = [box[2] - box[0] + more, box[3] - box[1] + more];
  return box.map((value, index) => value + offsets[index] * sides[index % 2]);
}

function squared([left, top, right, bottom]) {
  const [width, height] = [right - left, bottom - top];
  const side = Math.max(width, height);
  const [x, y] = [left + (width - side) / 2, top + (height - side) / 2];
  return [x, y, x + side, y + side];
}

// The likeliest boxes, without those that overlap a likelier one by more than the limit.
function kept(found, limit, overlapOf) {
  const chosen = [];
  for (const next of found.toSorted((a, b) => b.score - a.score)) {
    if (chosen.every(({ box }) => overlapOf(box, next.box) <= limit)) chosen.push(next);
  }
  return chosen;
}

function overlap(one, other) {
  const common = shared(one, other, 0);
  return common / (area(one) + area(other) - common);
}

function overlapOfSmaller(one, other) {
  return shared(one, other, 1) / Math.min(area(one, 1), area(other, 1));
}

function shared(one, other, more) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]) + more;
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]) + more;
  return Math.max(0, width) * Math.max(0, height);
}

function area([left, top, right, bottom], more = 0) {
  return Math.max(0, right - left + more) * Math.max(0, bottom - top + more);
}

// A part of the image in columns x rows, each the mean over its area (PyTorch's adaptive average pooling).
function averaged({ planes, width }, [left, top, right, bottom], columns, rows) {
  const [across, down] = [edges(left, right, columns), edges(top, bottom, rows)];
  const pixels = new Float32Array(planes.length * rows * columns);
  let at = 0;
  for (const plane of planes) {
    for (const [upper, lower] of down) {
      for (const [first, last] of across) {
        let sum = 0;
        for (let y = upper; y < lower; y++) for (let x = first; x < last; x++) sum += plane[y * width + x];
        pixels[at++] = sum / ((lower - upper) * (last - first));
      }
    }
  }
  return pixels;
}

function edges(start, end, count) {
  const length = end - start;
  return Array.from({ length: count }, (_, index) => [
    start + Math.floor((index * length) / count),
    start + Math.ceil(((index + 1) * length) / count),
  ]);
}
