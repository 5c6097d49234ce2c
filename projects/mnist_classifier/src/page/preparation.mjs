// From the pixels of a canvas to what the network was trained on: preparation.py in JavaScript, to the same bytes.
// The constants of both are in preparation.json.

import { scaled } from "./resampling.mjs";

export class EmptyImage extends Error {}

// RGBA pixels (opaque) of a canvas -> Uint8Array [size, size]; throws EmptyImage where there is no ink.
export function prepare({ data, width, height }, size, { box, min_contrast, ink_threshold, bright_paper_above, luma }) {
  const pixels = gray(data, luma);
  const paper = median(border(pixels, width, height));
  const ink = Float32Array.from(pixels, (value) => (paper > bright_paper_above ? paper - value : value - paper));
  const most = ink.reduce((a, b) => Math.max(a, b));
  if (most < min_contrast) throw new EmptyImage("no ink in it");
  if (width === size && height === size && paper === 0) return pixels;
  const threshold = Math.fround(ink_threshold);
  const cleaned = Uint8Array.from(ink, (value) => {
    const share = Math.fround(Math.max(value, 0) / most);
    return share < threshold ? 0 : Math.fround(share * 255);
  });
  return centered(inBox(cropped(cleaned, width, height), roundEven(size * box)), size);
}

// ITU-R 601 luma in 16 bits, as Pillow computes it.
function gray(rgba, [red, green, blue]) {
  return Uint8Array.from(
    { length: rgba.length / 4 },
    (_, i) => (rgba[4 * i] * red + rgba[4 * i + 1] * green + rgba[4 * i + 2] * blue + 0x8000) >> 16,
  );
}

function border(pixels, width, height) {
  const values = [];
  for (let x = 0; x < width; x++) values.push(pixels[x], pixels[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) values.push(pixels[y * width], pixels[y * width + width - 1]);
  return values;
}

function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function cropped(ink, width, height) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  ink.forEach((value, index) => {
    if (!value) return;
    const [x, y] = [index % width, Math.floor(index / width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  });
  const [columns, rows] = [right - left + 1, bottom - top + 1];
  const pixels = Uint8Array.from({ length: columns * rows }, (_, i) => {
    return ink[(top + Math.floor(i / columns)) * width + left + (i % columns)];
  });
  return { pixels, width: columns, height: rows };
}

function inBox({ pixels, width, height }, box) {
  const scale = box / Math.max(width, height);
  const [columns, rows] = [width, height].map((side) => Math.max(1, roundEven(side * scale)));
  const small = scaled(pixels, width, height, columns, rows, [0, 0, width, height]);
  return { pixels: small, width: columns, height: rows };
}

function centered({ pixels, width, height }, size) {
  let [mass, rowMass, columnMass] = [0, 0, 0];
  pixels.forEach((value, index) => {
    mass += value;
    rowMass += value * Math.floor(index / width);
    columnMass += value * (index % width);
  });
  const place = (moment, side) =>
    Math.min(Math.max(roundEven((size - 1) / 2 - moment / mass), 0), size - side);
  const [top, left] = [place(rowMass, height), place(columnMass, width)];
  const canvas = new Uint8Array(size * size);
  for (let y = 0; y < height; y++) {
    canvas.set(pixels.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  }
  return canvas;
}

// Python's round: halves go to the even neighbor.
function roundEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
