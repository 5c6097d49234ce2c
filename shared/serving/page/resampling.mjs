// Pillow's resampling in JavaScript: weights of 22 bits, rows before columns. The bytes are the same where an image
// keeps its shape and is at most twice as high as wide; Pillow begins with the columns of others, and rounds otherwise.

const WEIGHT_BITS = 22;
const LOBES = 3;

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

function weighted(weights, pixels, start, step) {
  let sum = 2 ** (WEIGHT_BITS - 1);
  for (let i = 0; i < weights.length; i++) sum += weights[i] * pixels[start + i * step];
  return Math.min(Math.max(Math.floor(sum / 2 ** WEIGHT_BITS), 0), 255);
}

// For each of `count` pixels: where its sources begin, and their weights.
function weightsOf(length, start, end, count, { support, at }) {
  const scale = (end - start) / count;
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
