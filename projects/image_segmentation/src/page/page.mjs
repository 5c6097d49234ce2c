// Drop an image: the page shows the predicted mask over it, and the area of each class.

import { ask, facts, where } from "./ask.mjs";
import { latest, load, showBars, showFacts, showProblem } from "./common.mjs";
import { offerExamples, takeFiles } from "./input.mjs";

const LARGEST_SIDE = 512;
const [shown, status, bars, opacity] = ["image", "status", "bars", "opacity"].map((id) => document.getElementById(id));
let [image, mask] = [null, null];

function draw() {
  if (!image) return;
  const context = shown.getContext("2d");
  [shown.width, shown.height] = [image.width, image.height];
  context.drawImage(image, 0, 0);
  if (!mask) return;
  context.globalAlpha = opacity.value / 100;
  context.drawImage(mask, 0, 0);
  context.globalAlpha = 1;
}

async function show(file) {
  try {
    status.textContent = "Predicting …";
    bars.replaceChildren();
    const loaded = await latest("shown", scaled(file));
    if (!loaded) return; // the user has chosen another image meanwhile
    [image, mask] = [loaded, null];
    draw();
    const found = await latest("shown", ask("predict", [image]));
    const painted = found && (await latest("shown", colored(found.mask_png_base64)));
    if (!painted) return;
    mask = painted;
    draw();
    status.textContent = `${found.width} × ${found.height} pixels, mean probability ${found.probability.toFixed(2)}`;
    const shares = Object.entries(found.areas).map(([name, { share }]) => [name, share]);
    showBars(bars, Object.fromEntries(shares), await colors());
  } catch (error) {
    showProblem(status, error);
  }
}

// The image, scaled down to fit into one tile of the network.
async function scaled(file) {
  const { predict, value_range } = await facts();
  return load(file, Math.min(LARGEST_SIDE, predict.tile), value_range);
}

// The mask in the colors of its classes; the first class, the background, is transparent.
async function colored(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const decoded = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [decoded.width, decoded.height];
  const context = canvas.getContext("2d");
  context.drawImage(decoded, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const [background] = await colors();
  for (let i = 0; i < pixels.data.length; i += 4) {
    if (background.every((value, channel) => pixels.data[i + channel] === value)) pixels.data[i + 3] = 0;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

async function colors() {
  return (await facts()).colors;
}

opacity.addEventListener("input", draw);
takeFiles("file", show, { answer: "status", camera: "environment" });
showFacts(await facts(), where);
offerExamples(show, { answer: "status" });
