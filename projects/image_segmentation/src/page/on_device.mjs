// Computes on the device what served.mjs gets from the server: the same functions, the same results.

import { examples, facts, pixelsOf, pngOf, run, where } from "./device.mjs";

export { examples, facts, where };

export async function ask(verb, [canvas]) {
  const { labels, stride, colors } = await facts();
  const { data, width, height } = pixelsOf(canvas);
  const [paddedWidth, paddedHeight] = [width, height].map((side) => Math.ceil(side / stride) * stride);
  const input = padded(data, width, height, paddedWidth, paddedHeight);
  const { probabilities } = await run("uint8", input, [1, 3, paddedHeight, paddedWidth]);
  const found = best(probabilities.data, labels.length, paddedWidth, paddedHeight, width, height);
  const counts = labels.map(() => 0);
  found.mask.forEach((id) => (counts[id] += 1));
  const pixels = width * height;
  return {
    height,
    width,
    areas: Object.fromEntries(labels.map((label, id) => [label, { pixels: counts[id], share: counts[id] / pixels }])),
    probability: found.sum / pixels,
    mask_png_base64: await pngOf(found.mask, width, height, colors),
  };
}

// RGBA to three planes, mirrored beyond the right and lower edge: shared/inference/tiles.py for one tile.
function padded(rgba, width, height, paddedWidth, paddedHeight) {
  const planes = new Uint8Array(3 * paddedWidth * paddedHeight);
  for (let y = 0, i = 0; y < paddedHeight; y++) {
    for (let x = 0; x < paddedWidth; x++, i++) {
      const from = 4 * (mirrored(y, height) * width + mirrored(x, width));
      for (let channel = 0; channel < 3; channel++) planes[channel * paddedWidth * paddedHeight + i] = rgba[from + channel];
    }
  }
  return planes;
}

function mirrored(position, length) {
  const inPair = position % (2 * length);
  return inPair < length ? inPair : 2 * length - 1 - inPair;
}

// The likeliest class of every pixel inside the image, and the sum of their probabilities.
function best(probabilities, classes, paddedWidth, paddedHeight, width, height) {
  const mask = new Uint8Array(width * height);
  let sum = 0;
  for (let i = 0; i < mask.length; i++) {
    const at = Math.floor(i / width) * paddedWidth + (i % width);
    let most = -1;
    for (let id = 0; id < classes; id++) {
      const value = probabilities[id * paddedWidth * paddedHeight + at];
      if (value > most) [most, mask[i]] = [value, id];
    }
    sum += most;
  }
  return { mask, sum };
}
