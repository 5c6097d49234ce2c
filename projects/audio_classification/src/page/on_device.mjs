// Computes on the device what served.mjs gets from the server: the same functions, the same results.

import { answerNamed, answerOf } from "./common.mjs";
import { examples, facts, run, where } from "./device.mjs";
import { fit, isSilent, listen } from "./preparation.mjs";

export { examples, facts, where };

export async function ask(verb, [recording]) {
  const metadata = await facts();
  const { sample_rate, samples: length, silent_below } = metadata.preparation;
  const { samples } = await listen(recording, sample_rate);
  if (isSilent(samples, silent_below)) {
    return { prediction: answerNamed("silent", metadata.labels), detail: "no sound in it" };
  }
  const { probabilities } = await run("int16", fit(samples, length, sample_rate), [1, length]);
  return answerOf(probabilities.data, metadata);
}
