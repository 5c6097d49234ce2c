// Draws how loud each pitch is over time.

const WINDOW_SECONDS = 0.032;
const HOP_SECONDS = 0.01;
const RANGE = 6; // powers of ten between the loudest and what is drawn black

export function drawSpectrogram(canvas, samples, rate) {
  const [window, hop] = [Math.round(rate * WINDOW_SECONDS), Math.round(rate * HOP_SECONDS)];
  const frames = Math.max(1, Math.floor((samples.length - window) / hop) + 1);
  const columns = Array.from({ length: frames }, (_, frame) => powers(samples, frame * hop, window));
  const loudest = columns.reduce((most, column) => column.reduce((a, b) => Math.max(a, b), most), 1);
  const rows = columns[0].length;
  const image = new ImageData(frames, rows);
  columns.forEach((column, x) =>
    column.forEach((power, y) => {
      const share = Math.max(0, 1 + Math.log10(Math.max(power, 1e-9) / loudest) / RANGE);
      image.data.set([...color(share), 255], 4 * ((rows - 1 - y) * frames + x));
    }),
  );
  const small = new OffscreenCanvas(frames, rows);
  small.getContext("2d").putImageData(image, 0, 0);
  canvas.getContext("2d").drawImage(small, 0, 0, canvas.width, canvas.height);
}

// The power of each frequency in a window of the samples, by a discrete Fourier transform.
function powers(samples, start, window) {
  const { cosines, sines, hann } = waves(window);
  const values = Float64Array.from({ length: window }, (_, t) => (samples[start + t] ?? 0) * hann[t]);
  return Float64Array.from({ length: window / 2 + 1 }, (_, k) => {
    let [real, imaginary] = [0, 0];
    for (let t = 0; t < window; t++) {
      real += values[t] * cosines[(k * t) % window];
      imaginary += values[t] * sines[(k * t) % window];
    }
    return real ** 2 + imaginary ** 2;
  });
}

const made = new Map();

function waves(window) {
  if (!made.has(window)) {
    const angles = Float64Array.from({ length: window }, (_, t) => (2 * Math.PI * t) / window);
    const [cosines, sines] = [angles.map(Math.cos), angles.map(Math.sin)];
    made.set(window, { cosines, sines, hann: cosines.map((value) => 0.5 - 0.5 * value) });
  }
  return made.get(window);
}

// From black over violet and orange to light yellow.
function color(share) {
  const stops = [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]];
  const at = share * (stops.length - 1);
  const below = Math.min(Math.floor(at), stops.length - 2);
  return stops[below].map((value, index) => value + (at - below) * (stops[below + 1][index] - value));
}
