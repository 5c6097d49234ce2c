// Answers on the device what served.mjs asks the server: the same questions, the same answers.

import { facts, pixelsOf, run, where } from "./device.mjs";
import { EmptyPicture, prepare } from "./preparation.mjs";

const specification = fetch("preparation.json").then((response) => response.json());

export { facts, where };

export async function ask(verb, [canvas]) {
  const about = await facts();
  const { size, channels } = about.preparation;
  let prepared;
  try {
    prepared = prepare(pixelsOf(canvas), about.preparation, await specification);
  } catch (error) {
    if (error instanceof EmptyPicture) return { answer: "empty", detail: error.message };
    throw error;
  }
  const { probabilities } = await run("uint8", prepared, [1, channels, size, size]);
  const best = probabilities.data.indexOf(Math.max(...probabilities.data));
  const sure = probabilities.data[best] >= about.predict.min_probability;
  return {
    answer: sure ? about.labels[best] : "unsure",
    probabilities: Object.fromEntries(about.labels.map((label, index) => [label, probabilities.data[index]])),
  };
}
