// Speak into the microphone or choose a file; see what the network hears, and the probability of each class.

import { ask, facts, where } from "./ask.mjs";
import { inWords, latest, showBars, showFacts, showProblem } from "./common.mjs";
import { fit, listen, wavOf } from "./preparation.mjs";
import { drawSpectrogram } from "./spectrogram.mjs";

const LONGEST_SECONDS = 5;
const [image, record, file, answer, bars, hint] = ["spectrogram", "record", "file", "answer", "bars", "heard"].map((id) =>
  document.getElementById(id),
);
const USUAL = hint.textContent;
const metadata = await facts();
const { sample_rate: rate, samples: length } = metadata.preparation;
let recorder;

async function update(blob) {
  try {
    const found = await latest("asked", listen(blob, rate));
    if (!found) return; // another recording has come meanwhile
    const { samples, unusual } = found;
    hint.textContent = unusual.length ? `Unusual: ${unusual.join("; ")}.` : USUAL;
    const heard = fit(samples, length, rate);
    drawSpectrogram(image, heard, rate);
    const answered = await latest("asked", ask("predict", [wavOf(samples.length > length ? heard : samples, rate)]));
    if (!answered) return;
    answer.textContent = inWords(answered, { silent: "There is nothing to hear.", unsure: "Not sure." });
    showBars(bars, answered.probabilities ?? {});
  } catch (error) {
    bars.replaceChildren();
    showProblem(answer, error);
  }
}

async function start() {
  if (!navigator.mediaDevices) {
    throw new Error("browsers give the microphone to pages over https and on this machine only; choose a file");
  }
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => {
    throw new Error("the browser gives no microphone; choose a file, or allow it");
  });
  try {
    recordFrom(microphone);
  } catch (error) {
    release(microphone);
    throw error;
  }
}

function recordFrom(microphone) {
  const current = new MediaRecorder(microphone);
  current.addEventListener("dataavailable", ({ data }) => update(data));
  current.addEventListener("stop", () => {
    release(microphone);
    showRecording(false);
  });
  current.start();
  recorder = current;
  showRecording(true);
  setTimeout(() => current.state === "recording" && current.stop(), 1000 * LONGEST_SECONDS);
}

function release(microphone) {
  for (const track of microphone.getTracks()) track.stop();
}

function showRecording(on) {
  record.textContent = on ? "Stop" : "Record";
  record.setAttribute("aria-pressed", String(on));
  if (on) answer.textContent = "Listening.";
}

record.addEventListener("click", async () => {
  if (recorder?.state === "recording") {
    recorder.stop();
    return;
  }
  record.disabled = true; // until the browser has been asked for the microphone
  try {
    await start();
  } catch (error) {
    showProblem(answer, error);
  } finally {
    record.disabled = false;
  }
});
file.addEventListener("change", async () => {
  await update(file.files[0]);
  file.value = "";
});

answer.textContent = "Say something.";
drawSpectrogram(image, new Int16Array(length), rate);
showFacts(metadata, where);
