// Images as three planes of bytes, in the resampling that Pillow has.

import { bilinear, lanczos, resize } from "./resampling.mjs";

// RGBA pixels of a canvas, which are opaque -> { planes, width, height }.
export function imageOf({ data, width, height }) {
  const planes = [0, 1, 2].map((channel) => new Uint8Array(width * height).map((_, i) => data[4 * i + channel]));
  return { planes, width, height };
}

// The image scaled by a factor, bilinear unless another filter is given.
export function resized({ planes, width, height }, scale, filter = bilinear) {
  const [columns, rows] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  return {
    planes: planes.map((plane) => resize(plane, width, height, columns, rows, [0, 0, width, height], filter)),
    width: columns,
    height: rows,
  };
}

export const smaller = (image, scale) => resized(image, scale, lanczos);

// A square whose pixels lie in the image where `place` says; what lies beyond its edge is black.
export function transformed({ planes, width, height }, size, place) {
  const square = planes.map(() => new Uint8Array(size * size));
  for (let i = 0; i < size * size; i++) {
    const [x, y] = place((i % size) + 0.5, Math.floor(i / size) + 0.5);
    if (x < 0 || x >= width || y < 0 || y >= height) continue;
    planes.forEach((plane, channel) => (square[channel][i] = between(plane, width, height, x - 0.5, y - 0.5)));
  }
  return square;
}

// Bilinear, cut to whole numbers as Pillow does.
function between(plane, width, height, x, y) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [left, right] = [Math.max(column, 0), Math.min(column + 1, width - 1)];
  const [upper, lower] = [Math.max(row, 0), Math.min(row + 1, height - 1)].map((line) => line * width);
  const [above, below] = [upper, lower].map(
    (line) => plane[line + left] + (plane[line + right] - plane[line + left]) * (x - column),
  );
  return Math.trunc(above + (below - above) * (y - row));
}
