// Pillow's resampling in JavaScript: weights of 22 bits, rows before columns. The bytes are the same where an image
// keeps its shape and is at most twice as high as wide; Pillow begins with the columns of others, and rounds otherwise.

const WEIGHT_BITS = 22;
const LOBES = 3;
const GAP = 2;

export const lanczos = { support: LOBES, at: (x) => (-LOBES <= x && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0) };
export const bilinear = { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) };

// One channel of 8 bits, the part `box` (left, top, right, bottom) of it, to columns x rows.
export function resize(pixels, width, height, columns, rows, [left, top, right, bottom], filter = lanczos) {
  let [current, currentWidth] = [pixels, width];
  if (columns !== width || left !== 0 || right !== columns) {
    const places = weightsOf(width, left, right, columns, filter);
    current = new Uint8Array(columns * height).map((_, i) => {
      const { first, weights } = places[i % columns];
      return weighted(weights, pixels, Math.floor(i / columns) * width + first, 1);
    });
    currentWidth = columns;
  }
  if (rows === height && top === 0 && bottom === rows) return current;
  const places = weightsOf(height, top, bottom, rows, filter);
  return new Uint8Array(currentWidth * rows).map((_, i) => {
    const { first, weights } = places[Math.floor(i / currentWidth)];
    return weighted(weights, current, first * currentWidth + (i % currentWidth), currentWidth);
  });
}

// The same as shared/data/images.py scales: of a large image, blocks of pixels are averaged first.
export function scaled(pixels, width, height, columns, rows, [left, top, right, bottom]) {
  const across = Math.max(1, Math.trunc((right - left) / columns / GAP));
  const down = Math.max(1, Math.trunc((bottom - top) / rows / GAP));
  if (across * down === 1) return resize(pixels, width, height, columns, rows, [left, top, right, bottom]);
  const [fewer, lower] = [Math.ceil(width / across), Math.ceil(height / down)];
  const means = new Uint8Array(fewer * lower).map((_, i) => {
    const [x, y] = [(i % fewer) * across, Math.floor(i / fewer) * down];
    const [endX, endY] = [Math.min(x + across, width), Math.min(y + down, height)];
    const count = (endX - x) * (endY - y);
    let sum = Math.floor(count / 2);
    for (let row = y; row < endY; row++) for (let column = x; column < endX; column++) sum += pixels[row * width + column];
    return Math.floor((sum * Math.floor(2 ** 24 / count)) / 2 ** 24);
  });
  return resize(means, fewer, lower, columns, rows, [left / across, top / down, right / across, bottom / down]);
}

function weighted(weights, pixels, start, step) {
  let sum = 2 ** (WEIGHT_BITS - 1);
  for (let i = 0; i < weights.length; i++) sum += weights[i] * pixels[start + i * step];
  return Math.min(Math.max(Math.floor(sum / 2 ** WEIGHT_BITS), 0), 255);
}

// For each of `count` pixels: where its sources begin, and their weights.
function weightsOf(length, from, to, count, { support, at }) {
  const [start, end] = [Math.fround(from), Math.fround(to)]; // as Pillow holds them
  const scale = Math.fround(end - start) / count;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: count }, (_, index) => {
    const center = start + (index + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support * stretch + 0.5), 0);
    const last = Math.min(Math.trunc(center + support * stretch + 0.5), length);
    const raw = Array.from({ length: last - first }, (_, x) => at((x + first - center + 0.5) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => roundAway((weight / sum) * 2 ** WEIGHT_BITS)) };
  });
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function roundAway(value) {
  return value < 0 ? Math.trunc(value - 0.5) : Math.trunc(value + 0.5);
}
