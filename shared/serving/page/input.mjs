// What people give a page: files chosen, dropped and pasted, the camera, the microphone, and examples to click.

import { examples } from "./ask.mjs";
import { load, showProblem } from "./common.mjs";

const THUMBNAIL = 160; // pixels
const LONGEST_SECONDS = 5; // of a recording
const SHOWN_CHARACTERS = 100; // of a text that is offered as an example
const targets = [];

// Gives `take` each file that is chosen in this input, dropped on the part of the page around it (`area`), pasted, or,
// where `camera` names the side it looks to ("user", "environment"), photographed.
export function takeFiles(id, take, { answer = "answer", area, camera } = {}) {
  const input = document.getElementById(id);
  const give = (file) => file && attempt(answer, () => take(file));
  input.addEventListener("change", () => {
    give(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });
  targets.push({ area: area ?? input.closest("section"), give });
  if (camera) input.parentElement.after(button("Camera", () => attempt(answer, async () => give(await photo(camera)))));
}

document.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && mark(event));
document.addEventListener("dragleave", (event) => event.relatedTarget ?? mark(event));
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer.files;
  mark(event, Boolean(file));
  (targets.find(({ area }) => area.contains(event.target)) ?? targets[0])?.give(file);
});
document.addEventListener("paste", ({ clipboardData }) => {
  (targets.find(({ area }) => area.matches(":hover")) ?? targets[0])?.give(clipboardData.files[0]);
});

// Shows where a dragged file can be dropped, and keeps the browser from opening it in place of the page.
function mark(event, isFile = true) {
  if (isFile) event.preventDefault();
  for (const { area } of targets) {
    area.classList.toggle("target", event.type === "dragover");
    area.classList.toggle("over", event.type === "dragover" && area.contains(event.target));
  }
}

// A photo from the camera, or null where the user closes it without one.
async function photo(facingMode) {
  const stream = await device("camera", { video: { facingMode } });
  const [dialog, row] = [make("dialog", { ariaLabel: "Camera" }), make("div", { className: "row" })];
  const video = make("video", { autoplay: true, muted: true, playsInline: true, srcObject: stream });
  document.body.append(dialog);
  dialog.append(video, row);
  dialog.showModal();
  const taken = await new Promise((resolve) => {
    row.append(button("Take the photo", () => video.videoWidth && resolve(true)), button("Cancel", () => dialog.close()));
    dialog.addEventListener("close", () => resolve(false));
  });
  const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
  if (taken) canvas.getContext("2d").drawImage(video, 0, 0);
  release(stream);
  dialog.remove();
  return taken ? new Promise((resolve) => canvas.toBlob(resolve, "image/png")) : null;
}

// Gives `take` what the microphone hears between two presses of the button, or in the first seconds.
export function takeSound(id, take, answer = "answer") {
  const record = document.getElementById(id);
  let recorder;
  record.addEventListener("click", async () => {
    if (recorder?.state === "recording") return recorder.stop();
    record.disabled = true; // until the browser has been asked for the microphone
    await attempt(answer, async () => (recorder = listen(record, await device("microphone", { audio: true }), take)));
    record.disabled = false;
    if (recorder?.state === "recording") document.getElementById(answer).textContent = "Listening.";
  });
}

function listen(record, stream, take) {
  try {
    const recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", ({ data }) => take(data));
    recorder.addEventListener("stop", () => {
      release(stream);
      show(false);
    });
    const show = (on) => Object.assign(record, { textContent: on ? "Stop" : "Record", ariaPressed: String(on) });
    recorder.start();
    show(true);
    setTimeout(() => recorder.state === "recording" && recorder.stop(), 1000 * LONGEST_SECONDS);
    return recorder;
  } catch (error) {
    release(stream);
    throw error;
  }
}

function release(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function device(name, constraints) {
  if (!navigator.mediaDevices) {
    throw new Error(`browsers give the ${name} to pages over https and on this machine only; choose a file`);
  }
  return navigator.mediaDevices.getUserMedia(constraints).catch(() => {
    throw new Error(`the browser gives no ${name}; choose a file, or allow it`);
  });
}

// Offers the examples that lie beside the network, in the page's first card; a click gives `use` the elements of one.
export async function offerExamples(use, { answer = "answer", title = "Test examples, which training has not seen" } = {}) {
  const rows = await examples();
  if (!rows.length) return;
  const list = make("div", { className: "examples" });
  document.querySelector("main section").append(make("p", { className: "hint", textContent: title }), list);
  for (const { label, texts, files } of rows) {
    const elements = texts ?? files.map((file) => new Blob([Uint8Array.from(atob(file), (one) => one.charCodeAt(0))]));
    const choose = button("", () => attempt(answer, () => use(...elements)));
    const images = texts ? [] : await Promise.all(elements.map((file) => load(file, THUMBNAIL).catch(() => "")));
    choose.append(...images, make("span", { textContent: label || (images.length ? "" : "Example") }));
    if (texts) choose.append(make("small", { textContent: texts[0].slice(0, SHOWN_CHARACTERS) }));
    list.append(choose);
  }
}

// Runs an action, and brings the card of the element `answer` into view, which shows its problem too.
async function attempt(answer, action) {
  const place = document.getElementById(answer);
  try {
    await action();
  } catch (error) {
    showProblem(place, error);
  }
  place.closest("section").scrollIntoView({ block: "nearest" });
}

function button(textContent, action) {
  const made = make("button", { type: "button", textContent });
  made.addEventListener("click", action);
  return made;
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
