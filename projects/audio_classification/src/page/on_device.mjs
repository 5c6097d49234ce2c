// Answers on the device what served.mjs asks the server: the same questions, the same answers.

import { facts, run, where } from "./device.mjs";
import { fit, isSilent, samplesOf } from "./preparation.mjs";

export { facts, where };

export async function ask(verb, [recording]) {
  const about = await facts();
  const { sample_rate, samples: length, silent_below } = about.preparation;
  const samples = await samplesOf(recording, sample_rate);
  if (isSilent(samples, silent_below)) return { answer: "silent", detail: "no sound in it" };
  const { probabilities } = await run("int16", fit(samples, length), [1, length]);
  const best = probabilities.data.indexOf(Math.max(...probabilities.data));
  const sure = probabilities.data[best] >= about.predict.min_probability;
  return {
    answer: sure ? about.labels[best] : "unsure",
    probabilities: Object.fromEntries(about.labels.map((label, index) => [label, probabilities.data[index]])),
  };
}
