// Draw with a pen, a finger or the arrow keys, and see the probability of each class.

import { ask, facts, where } from "./ask.mjs";
import { fill, inWords, latest, load, showBars, showFacts, showProblem } from "./common.mjs";

const PEN = 18;
const STEP = 8;
const [drawing, answer, bars] = ["drawing", "answer", "bars"].map((id) => document.getElementById(id));
const context = drawing.getContext("2d", { willReadFrequently: true });
const pen = { x: drawing.width / 2, y: drawing.height / 2 };

function clear() {
  context.fillStyle = "white";
  context.fillRect(0, 0, drawing.width, drawing.height);
  answer.textContent = "Draw something.";
  bars.replaceChildren();
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
    if (!found) return; // another stroke has come meanwhile
    answer.textContent = inWords(found, { empty: "There is nothing to see.", unsure: "Not sure." });
    showBars(bars, found.probabilities ?? {});
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
document.getElementById("file").addEventListener("change", async ({ target }) => {
  try {
    const { value_range } = (await facts()).preparation;
    const image = await latest("asked", load(target.files[0], undefined, value_range));
    if (!image) return;
    fill(drawing, image);
    await update(image);
  } catch (error) {
    showProblem(answer, error);
  } finally {
    target.value = ""; // so that the same file can be chosen again
  }
});

clear();
showFacts(await facts(), where);
