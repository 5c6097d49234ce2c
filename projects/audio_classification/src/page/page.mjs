// Speak into the microphone or choose a file; see what the network hears, and the probability of each class.

import { ask, facts, where } from "./ask.mjs";
import { showBars, showFacts, showProblem } from "./common.mjs";
import { fit, samplesOf, wavOf } from "./preparation.mjs";
import { drawSpectrogram } from "./spectrogram.mjs";

const LONGEST_SECONDS = 5;
const [picture, record, file, answer, bars] = ["spectrogram", "record", "file", "answer", "bars"].map((id) =>
  document.getElementById(id),
);
const about = await facts();
const { sample_rate: rate, samples: length } = about.preparation;
let recorder;
let asked = 0;

async function update(blob) {
  const turn = (asked += 1);
  try {
    const samples = await samplesOf(blob, rate);
    drawSpectrogram(picture, fit(samples, length), rate);
    const found = await ask("predict", [wavOf(samples, rate)]);
    if (turn !== asked) return; // another recording has come meanwhile
    answer.textContent = { silent: "There is nothing to hear.", unsure: "Not sure." }[found.answer] ?? found.answer;
    showBars(bars, found.probabilities ?? {});
  } catch (error) {
    bars.replaceChildren();
    showProblem(answer, error);
  }
}

async function start() {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => {
    throw new Error("the browser gives no microphone; choose a file, or allow it");
  });
  recorder = new MediaRecorder(microphone);
  recorder.addEventListener("dataavailable", ({ data }) => update(data));
  recorder.addEventListener("stop", () => {
    for (const track of microphone.getTracks()) track.stop();
    showRecording(false);
  });
  recorder.start();
  showRecording(true);
  const current = recorder;
  setTimeout(() => current.state === "recording" && current.stop(), 1000 * LONGEST_SECONDS);
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
  try {
    await start();
  } catch (error) {
    showProblem(answer, error);
  }
});
file.addEventListener("change", async () => {
  await update(file.files[0]);
  file.value = "";
});

answer.textContent = "Say something.";
drawSpectrogram(picture, new Int16Array(length), rate);
showFacts(about, where);
