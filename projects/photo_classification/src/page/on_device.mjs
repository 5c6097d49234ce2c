// Computes on the device what served.mjs gets from the server: the same functions, the same results.

import { answerOf } from "./common.mjs";
import { examples, facts, pixelsOf, run, where } from "./device.mjs";
import { prepare } from "./preparation.mjs";

const specification = fetch("preparation.json").then((response) => response.json());

export { examples, facts, where };

export async function ask(verb, [canvas]) {
  const metadata = await facts();
  const { size } = metadata.preparation;
  const prepared = prepare(pixelsOf(canvas), metadata.preparation, await specification);
  const { probabilities, maps } = await run("uint8", prepared, [1, 3, size, size]);
  const best = probabilities.data.indexOf(Math.max(...probabilities.data));
  return { ...answerOf(probabilities.data, metadata), ...(maps && { heat: heatOf(maps, best) }) };
}

// What speaks for a class at each place, in rows of values between 0 and 1.
function heatOf({ data, dims: [, , height, width] }, label) {
  const values = [...data.slice(label * height * width, (label + 1) * height * width)].map((value) => Math.max(value, 0));
  const most = Math.max(...values, 1e-6);
  return Array.from({ length: height }, (_, row) => values.slice(row * width, (row + 1) * width).map((value) => value / most));
}
