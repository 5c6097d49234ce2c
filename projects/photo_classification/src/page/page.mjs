// Drop a photo: the page shows its classes, and where the network looked.

import { ask, facts, where } from "./ask.mjs";
import { latest, load, showFacts, showMessage, showPrediction, showProblem } from "./common.mjs";
import { offerExamples, takeFiles } from "./input.mjs";

// From cold to hot: five steps of viridis, as in shared/report/heat.py.
const COLORS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const [shown, answer, opacity] = ["image", "answer", "opacity"].map((id) => document.getElementById(id));
const metadata = await facts();
let [image, heat] = [null, null];

function draw() {
  if (!image) return;
  const context = shown.getContext("2d");
  [shown.width, shown.height] = [image.width, image.height];
  context.drawImage(image, 0, 0);
  if (!heat) return;
  context.globalAlpha = opacity.value / 100;
  context.imageSmoothingQuality = "high";
  context.drawImage(heat.canvas, ...heat.box);
  context.globalAlpha = 1;
}

async function show(file) {
  try {
    showMessage("Predicting …");
    const { fit, value_range } = metadata.preparation;
    const loaded = await latest("shown", load(file, undefined, value_range));
    if (!loaded) return; // the user has chosen another photo meanwhile
    [image, heat] = [loaded, null];
    draw();
    const found = await latest("shown", ask("predict", [image]));
    if (!found) return;
    if (found.heat) heat = { canvas: colored(found.heat), box: boxOf(fit, image) };
    draw();
    showPrediction(found, metadata);
  } catch (error) {
    showProblem(answer, error);
  }
}

// Where the network's square input lies on the photo: x, y, width, height.
function boxOf(fit, { width, height }) {
  if (fit === "stretch") return [0, 0, width, height];
  const side = fit === "crop" ? Math.min(width, height) : Math.max(width, height);
  return [(width - side) / 2, (height - side) / 2, side, side];
}

// Rows of values between 0 and 1 as a small image in the colors of a thermal camera.
function colored(rows) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [rows[0].length, rows.length];
  const pixels = new ImageData(canvas.width, canvas.height);
  rows.flat().forEach((value, index) => {
    const place = value * (COLORS.length - 1);
    const below = Math.min(Math.floor(place), COLORS.length - 2);
    const mixed = COLORS[below].map((level, i) => level + (COLORS[below + 1][i] - level) * (place - below));
    pixels.data.set([...mixed, 255], 4 * index);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

opacity.addEventListener("input", draw);
takeFiles("file", show, { camera: "environment" });
showFacts(metadata, where);
offerExamples(show);
