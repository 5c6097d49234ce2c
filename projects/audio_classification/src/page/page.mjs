// Speak into the microphone or choose a file; see what the network hears, and the probability of each class.

import { ask, facts, where } from "./ask.mjs";
import { latest, showFacts, showMessage, showPrediction, showProblem } from "./common.mjs";
import { offerExamples, takeFiles, takeSound } from "./input.mjs";
import { fit, FULL_SCALE, listen, wavOf } from "./preparation.mjs";
import { drawSpectrogram } from "./spectrogram.mjs";

const [image, play, answer, hint] = ["spectrogram", "play", "answer", "heard"].map((id) => document.getElementById(id));
const USUAL = hint.textContent;
const metadata = await facts();
const { sample_rate: rate, samples: length } = metadata.preparation;
let heard = new Int16Array(length);

async function update(blob) {
  try {
    const recording = await latest("asked", listen(blob, rate));
    if (!recording) return; // another one has come meanwhile
    const { samples, unusual } = recording;
    hint.textContent = unusual.length ? `Unusual: ${unusual.join("; ")}.` : USUAL;
    heard = fit(samples, length, rate);
    drawSpectrogram(image, heard, rate);
    play.disabled = false;
    const found = await latest("asked", ask("predict", [wavOf(samples.length > length ? heard : samples, rate)]));
    if (found) showPrediction(found, metadata);
  } catch (error) {
    showMessage("");
    showProblem(answer, error);
  }
}

// Plays what the network heard.
function playHeard() {
  const context = new AudioContext();
  const buffer = context.createBuffer(1, length, rate);
  buffer.copyToChannel(Float32Array.from(heard, (sample) => sample / FULL_SCALE), 0);
  const sound = new AudioBufferSourceNode(context, { buffer });
  sound.connect(context.destination);
  sound.addEventListener("ended", () => context.close());
  sound.start();
}

showMessage("Say something.");
drawSpectrogram(image, heard, rate);
takeFiles("file", update);
takeSound("record", update);
play.addEventListener("click", playHeard);
showFacts(metadata, where);
offerExamples(update);
