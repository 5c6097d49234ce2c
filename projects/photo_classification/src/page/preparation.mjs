// From the pixels of a canvas to the network's square input: preparation.py in JavaScript, to the same bytes.

import { scaled } from "./resampling.mjs";

// RGBA pixels (opaque) of a canvas -> Uint8Array [3, size, size]
export function prepare({ data, width, height }, { fit, size }, { pad }) {
  const planes = [0, 1, 2].map((channel) => Uint8Array.from({ length: width * height }, (_, i) => data[4 * i + channel]));
  if (fit !== "pad") {
    const side = Math.min(width, height);
    const middle = [(width - side) * 0.5, (height - side) * 0.5, (width + side) * 0.5, (height + side) * 0.5];
    const box = fit === "crop" ? middle : [0, 0, width, height];
    return Uint8Array.from(planes.flatMap((plane) => [...scaled(plane, width, height, size, size, box)]));
  }
  const longer = Math.max(width, height);
  const [columns, rows] = [width, height].map((side) => Math.max(1, roundEven((size * side) / longer)));
  const [left, top] = [columns, rows].map((side) => Math.floor((size - side) / 2));
  const prepared = new Uint8Array(3 * size * size).fill(pad);
  planes.forEach((plane, channel) => {
    const small = scaled(plane, width, height, columns, rows, [0, 0, width, height]);
    for (let y = 0; y < rows; y++) {
      prepared.set(small.subarray(y * columns, (y + 1) * columns), (channel * size + top + y) * size + left);
    }
  });
  return prepared;
}

// Python's round: halves go to the even neighbor.
function roundEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
