// Computes on the device what served.mjs gets from the server: the same functions, the same results.

import { answerNamed, answerOf } from "./common.mjs";
import { examples, facts, pixelsOf, run, where } from "./device.mjs";
import { EmptyImage, prepare } from "./preparation.mjs";

const specification = fetch("preparation.json").then((response) => response.json());

export { examples, facts, where };

export async function ask(verb, [canvas]) {
  const metadata = await facts();
  const { size } = metadata.preparation;
  let prepared;
  try {
    prepared = prepare(pixelsOf(canvas), size, await specification);
  } catch (error) {
    if (error instanceof EmptyImage) {
      return { prediction: answerNamed("empty", metadata.labels), detail: error.message };
    }
    throw error;
  }
  const { probabilities } = await run("uint8", prepared, [1, 1, size, size]);
  return answerOf(probabilities.data, metadata);
}
