// Computes on the device what served.mjs gets from the server: the same functions, the same results.

import { answerNamed, examples, facts, pixelsOf, run, where } from "./device.mjs";
import { prepare } from "./preparation.mjs";

const specification = fetch("preparation.json").then((response) => response.json());

export { examples, facts, where };

export async function ask(verb, [canvas]) {
  const { preparation, labels, thresholds, predict } = await facts();
  const prepared = prepare(pixelsOf(canvas), preparation, await specification);
  const { probabilities, maps } = await run("uint8", prepared, [1, 3, preparation.size, preparation.size]);
  const shares = [...probabilities.data];
  const best = shares.indexOf(Math.max(...shares));
  const named = thresholds
    ? labels.filter((_, index) => shares[index] >= thresholds[index]).join("|") || answerNamed("none", labels)
    : shares[best] >= predict.min_probability ? labels[best] : answerNamed("unsure", labels);
  return {
    prediction: named,
    probabilities: Object.fromEntries(labels.map((label, index) => [label, shares[index]])),
    ...(maps && { heat: heatOf(maps, best) }),
  };
}

// What speaks for a class at each place, in rows of values between 0 and 1.
function heatOf({ data, dims: [, , height, width] }, label) {
  const values = [...data.slice(label * height * width, (label + 1) * height * width)].map((value) => Math.max(value, 0));
  const most = Math.max(...values, 1e-6);
  return Array.from({ length: height }, (_, row) => values.slice(row * width, (row + 1) * width).map((value) => value / most));
}
