// From a recording to what the network was trained on: preparation.py in JavaScript, to the same samples.

const FULL_SCALE = 32768;

// A recording of any format that the browser reads -> Int16Array at `rate` samples a second, channels averaged.
export async function samplesOf(blob, rate) {
  const decoder = new OfflineAudioContext(1, 1, rate);
  const sound = await decoder.decodeAudioData(await blob.arrayBuffer()).catch(() => {
    throw new Error("this browser cannot read the file as a recording");
  });
  const channels = Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index));
  return Int16Array.from({ length: sound.length }, (_, time) => {
    const mean = channels.reduce((sum, channel) => sum + channel[time], 0) / channels.length;
    return Math.min(Math.max(roundEven(mean * FULL_SCALE), -FULL_SCALE), FULL_SCALE - 1);
  });
}

// As NumPy rounds: halves go to the even neighbor.
function roundEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

export function isSilent(samples, silentBelow) {
  return samples.every((sample) => Math.abs(sample) < silentBelow);
}

// Cut to the stretch of most energy, or put into the middle of silence.
export function fit(samples, length) {
  if (samples.length > length) {
    const start = loudest(samples, length);
    return samples.slice(start, start + length);
  }
  const fitted = new Int16Array(length);
  fitted.set(samples, Math.floor((length - samples.length) / 2));
  return fitted;
}

function loudest(samples, length) {
  let [energy, most, best] = [0, 0, 0];
  for (let end = 0; end < samples.length; end++) {
    energy += samples[end] ** 2;
    if (end >= length) energy -= samples[end - length] ** 2;
    if (end === length - 1 || (end >= length && energy > most)) [most, best] = [energy, end - length + 1];
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
