// Draw with a pen, a finger or the arrow keys, and see the probability of each class.

import { ask, facts, where } from "./ask.mjs";
import { fill, latest, load, showFacts, showMessage, showPrediction, showProblem } from "./common.mjs";
import { offerExamples, takeFiles } from "./input.mjs";

const PEN = 18;
const STEP = 8;
const [drawing, answer] = ["drawing", "answer"].map((id) => document.getElementById(id));
const metadata = await facts();
const context = drawing.getContext("2d", { willReadFrequently: true });
const pen = { x: drawing.width / 2, y: drawing.height / 2 };

function clear() {
  context.fillStyle = "white";
  context.fillRect(0, 0, drawing.width, drawing.height);
  showMessage("Draw something.");
  latest("asked"); // answers to what was there before come too late
}

function lineTo(x, y) {
  Object.assign(context, { lineWidth: PEN, lineCap: "round", strokeStyle: "black" });
  context.beginPath();
  context.moveTo(pen.x, pen.y);
  context.lineTo(x, y);
  context.stroke();
  Object.assign(pen, { x, y });
}

function place({ clientX, clientY }) {
  const { left, top, width, height } = drawing.getBoundingClientRect();
  return [((clientX - left) / width) * drawing.width, ((clientY - top) / height) * drawing.height];
}

async function update(canvas) {
  try {
    const found = await latest("asked", ask("predict", [canvas]));
    if (found) showPrediction(found, metadata); // else another stroke has come meanwhile
  } catch (error) {
    showProblem(answer, error);
  }
}

drawing.addEventListener("pointerdown", (event) => {
  drawing.setPointerCapture(event.pointerId);
  [pen.x, pen.y] = place(event);
  lineTo(pen.x, pen.y);
});
drawing.addEventListener("pointermove", (event) => {
  if (!drawing.hasPointerCapture(event.pointerId)) return;
  for (const point of event.getCoalescedEvents?.() ?? [event]) lineTo(...place(point));
});
drawing.addEventListener("pointerup", () => update(drawing));
drawing.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  if (event.key === "Delete" || event.key === "Backspace") clear();
  if (!(event.key in moves)) return;
  event.preventDefault();
  const [x, y] = [pen.x + moves[event.key][0], pen.y + moves[event.key][1]];
  if (event.shiftKey) {
    lineTo(x, y);
    update(drawing);
  } else {
    Object.assign(pen, { x, y });
  }
});
document.getElementById("clear").addEventListener("click", clear);
async function take(file) {
  const image = await latest("asked", load(file, undefined, metadata.preparation.value_range));
  if (!image) return;
  fill(drawing, image);
  await update(image);
}

clear();
takeFiles("file", take, { camera: "environment" });
showFacts(metadata, where);
offerExamples(take);
