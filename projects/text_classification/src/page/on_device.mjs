// Computes on the device what served.mjs gets from the server: the same functions, the same results.

import { answerNamed, answerOf } from "./common.mjs";
import { examples, facts, run, where } from "./device.mjs";
import { Tokenizer } from "../tokenizers/tokenizers.min.mjs";

const MOST_WORDS = 200; // as in src/predict.py, like WORDS_SHOWN
const WORDS_SHOWN = 5;

const rules = fetch("tokenizer.json").then((response) => response.json());
let tokenizer;
let asked = 0;

export { examples, facts, where };

export async function ask(verb, [text]) {
  const cleaned = clean(text);
  const turn = (asked += 1);
  if (verb === "explain") {
    return { words: await wordsThatMattered(cleaned.split(/\s+/).filter(Boolean), () => turn === asked) };
  }
  const metadata = await facts();
  if (!cleaned) return { prediction: answerNamed("empty", metadata.labels) };
  return answerOf(await probabilitiesOf(cleaned), metadata);
}

// Without what no tokenizer can read: NUL and halves of characters.
function clean(text) {
  return text.replaceAll("\0", " ").replace(/\p{Surrogate}/gu, "?").trim();
}

// The words that change the prediction most, with the fall of its probability without each, largest first.
async function wordsThatMattered(words, isWanted) {
  if (!words.length) return [];
  const whole = await probabilitiesOf(words.join(" "));
  const best = largest(whole);
  const reasons = [];
  for (let left = 0; left < Math.min(words.length, MOST_WORDS) && isWanted(); left += 1) {
    await new Promise((resolve) => setTimeout(resolve)); // the page gets its turn
    const shorter = await probabilitiesOf(words.filter((_, index) => index !== left).join(" "));
    reasons.push({ word: words[left], moved: whole[best] - shorter[best] });
  }
  return reasons.sort((a, b) => Math.abs(b.moved) - Math.abs(a.moved)).slice(0, WORDS_SHOWN);
}

async function probabilitiesOf(text) {
  const ids = await idsOf(text);
  const { probabilities } = await run("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
  return Array.from(probabilities.data);
}

// Long texts keep their beginning, and the mark at their end.
export async function idsOf(text) {
  const { most_characters } = (await facts()).tokenizer;
  const { max_length } = (await rules).truncation;
  tokenizer ??= new Tokenizer(await rules, {});
  const { ids } = tokenizer.encode(text.length > most_characters ? [...text].slice(0, most_characters).join("") : text);
  return ids.length > max_length ? [...ids.slice(0, max_length - 1), ids.at(-1)] : ids;
}

function largest(values) {
  return values.indexOf(Math.max(...values));
}
