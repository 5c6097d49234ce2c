// From a face's landmarks to its crop: alignment.py in JavaScript. `facts` are those that the embedder carries.

import { findLandmarks } from "./landmarks.mjs";
import { smaller, transformed } from "./images.mjs";
import { mean, similarity } from "./similarity.mjs";

// The face's crop, Uint8Array [3, size, size], from an image and the detector's landmarks.
export function cropOf(image, detected, trees, facts, size) {
  const landmarks = dlibLandmarks(image, detected, trees, facts);
  const planes = cut(image, facts.dlib_mean_face, landmarks, size, facts.padding);
  return Uint8Array.from(planes.flatMap((plane) => [...plane]));
}

// Dlib's five landmarks, looked for in an upright patch around the detector's, from several boxes; their mean.
export function dlibLandmarks(image, detected, trees, { mean_face, patch, boxes }) {
  const places = placesInChip(mean_face, patch.side, patch.padding);
  const [red, green, blue] = cut(image, mean_face, detected, patch.side, patch.padding);
  const gray = Float32Array.from(red, (value, i) => (value + green[i] + blue[i]) / 3);
  const ownEyes = [mean(trees.shape.slice(2, 4)), mean(trees.shape.slice(0, 2))];
  const side = distance(places[0], places[1]) / distance(ownEyes[0], ownEyes[1]);
  const [eyes, own] = [mean(places.slice(0, 2)), mean(ownEyes)];
  const found = boxes.map(([x, y, scale]) => {
    const corner = [eyes[0] - own[0] * side * scale + x * side, eyes[1] - own[1] * side * scale + y * side];
    return findLandmarks(trees, { pixels: gray, side: patch.side }, corner, side * scale);
  });
  const back = similarity(places, detected);
  return found[0].map((_, index) => back.place(...mean(found.map((landmarks) => landmarks[index]))));
}

// Three planes of size x size, cut by the similarity that brings the landmarks closest to the mean face's.
export function cut(image, meanFace, landmarks, size, padding) {
  const places = placesInChip(meanFace, size, padding);
  let toImage = similarity(places, landmarks);
  if (toImage.scale > 1) { // smaller first, with antialiasing: the cut below looks at single pixels
    const before = image;
    image = smaller(image, 1 / toImage.scale);
    const shrink = [image.width / before.width, image.height / before.height];
    const moved = landmarks.map((point) => point.map((value, axis) => (value + 0.5) * shrink[axis] - 0.5));
    toImage = similarity(places, moved);
  }
  // Images count from a pixel's corner, landmarks from its middle.
  return transformed(image, size, (x, y) => toImage.place(x - 0.5, y - 0.5).map((value) => value + 0.5));
}

function placesInChip(meanFace, size, padding) {
  return meanFace.map((point) => point.map((value) => ((value + padding) / (1 + 2 * padding)) * size));
}

function distance([a, b], [c, d]) {
  return Math.hypot(a - c, b - d);
}
