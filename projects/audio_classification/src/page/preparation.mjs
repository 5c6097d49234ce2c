// From a recording to what the network was trained on: preparation.py in JavaScript, to the same samples.

export const FULL_SCALE = 32768;
const RUMBLE_HERTZ = 40; // what is slower does not decide which stretch is kept
const [CANCELED, STRAY, OFFSET] = [0.25, 0.001, 0.03]; // as in shared/data/audio.py

// A recording of any format that the browser reads -> its samples, an Int16Array at `rate` samples a second, of one
// channel; and what is unusual about it, as shared/data/audio.py says it.
export async function listen(blob, rate) {
  const decoder = new OfflineAudioContext(1, 1, rate);
  const sound = await decoder.decodeAudioData(await blob.arrayBuffer()).catch(() => {
    throw new Error("this browser cannot read the file as a recording");
  });
  const channels = Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index));
  return { samples: int16Of(mixed(channels)), unusual: unusualIn(channels) };
}

export function unusualIn(channels) {
  const samples = mixed(channels);
  const scale = fullScaleOf(samples);
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length / scale;
  const median = Math.abs(mean) > OFFSET ? [...samples].sort((a, b) => a - b)[samples.length >> 1] / scale : 0;
  return [
    isCanceled(channels) && "channels of opposite sign: the loudest is read",
    scale !== 1 && "numbers beyond full scale: all are scaled down",
    Math.abs(median) > OFFSET && "a constant offset",
  ].filter(Boolean);
}

// The mean of the channels; of channels that cancel each other the loudest.
export function mixed(channels) {
  const powers = channels.map(power);
  return isCanceled(channels) ? channels[powers.indexOf(Math.max(...powers))] : meanOf(channels);
}

function isCanceled(channels) {
  const powers = channels.map(power).reduce((sum, value) => sum + value, 0);
  return power(meanOf(channels)) < (CANCELED * powers) / channels.length ** 2;
}

function meanOf(channels) {
  return Float32Array.from(channels[0], (_, time) => {
    return channels.reduce((sum, channel) => sum + channel[time], 0) / channels.length;
  });
}

function power(samples) {
  const [sum, squares] = samples.reduce(([all, square], value) => [all + value, square + value ** 2], [0, 0]);
  return squares / samples.length - (sum / samples.length) ** 2;
}

// Floats as samples of 16 bits; floats in the range of integers are scaled, single ones beyond full scale are clipped.
export function int16Of(samples) {
  const scale = fullScaleOf(samples);
  return Int16Array.from(samples, (value) => {
    return Math.min(Math.max(roundEven(Math.fround(value / scale) * FULL_SCALE), -FULL_SCALE), FULL_SCALE - 1);
  });
}

function fullScaleOf(samples) {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const beyond = samples.reduce((count, value) => count + (Math.abs(value) > 1), 0);
  const limits = [15, 23, 31].map((bits) => 2 ** bits);
  const integers = limits.find((limit) => peak <= limit) ?? limits.at(-1);
  return beyond <= STRAY * samples.length ? 1 : peak <= 16 ? peak : integers;
}

// As NumPy rounds: halves go to the even neighbor.
function roundEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

export function isSilent(samples, silentBelow) {
  const [least, most] = samples.reduce(([low, high], it) => [Math.min(low, it), Math.max(high, it)], [Infinity, -Infinity]);
  return most - least < 2 * silentBelow;
}

// Cut to the loudest stretch, or put into the middle of silence.
export function fit(samples, length, rate) {
  if (samples.length > length) {
    const start = loudest(samples, length, rate);
    return samples.slice(start, start + length);
  }
  const fitted = new Int16Array(length);
  fitted.set(samples, Math.floor((length - samples.length) / 2));
  return fitted;
}

// Where the stretch of the highest mean level begins; a level is the distance from the mean of the samples around.
function loudest(samples, length, rate) {
  const width = Math.floor(rate / RUMBLE_HERTZ);
  const half = Math.floor(width / 2);
  const at = (time) => samples[Math.min(Math.max(time, 0), samples.length - 1)];
  let around = 0;
  for (let time = -half; time < width - half; time++) around += at(time);
  const levels = Float64Array.from(samples, (sample, time) => {
    const level = Math.abs(sample - Math.floor(around / width));
    around += at(time + width - half) - at(time - half);
    return level;
  });
  let [level, most, best] = [0, 0, 0];
  for (let end = 0; end < samples.length; end++) {
    level += levels[end];
    if (end >= length) level -= levels[end - length];
    if (end === length - 1 || (end >= length && level > most)) [most, best] = [level, end - length + 1];
  }
  return best;
}

// Samples as a WAV file of 16 bits and one channel.
export function wavOf(samples, rate) {
  const header = new DataView(new ArrayBuffer(44));
  const text = (at, word) => [...word].forEach((letter, index) => header.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true); // bytes of what follows, up to the data
  header.setUint16(20, 1, true); // plain samples
  header.setUint16(22, 1, true); // channels
  header.setUint32(24, rate, true);
  header.setUint32(28, 2 * rate, true);
  header.setUint16(32, 2, true); // bytes of a sample
  header.setUint16(34, 16, true); // bits of a sample
  text(36, "data");
  header.setUint32(40, 2 * samples.length, true);
  return new Blob([header, samples], { type: "audio/wav" });
}
