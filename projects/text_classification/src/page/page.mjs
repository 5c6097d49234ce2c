// Type a text, see the probability of each class, and which words moved the answer.

import { ask, facts, where } from "./ask.mjs";
import { latest, showBars, showFacts, showProblem } from "./common.mjs";

const PAUSE = 300; // milliseconds without a key before the text is asked about
const EXPLAIN_PAUSE = 700; // more of them before its words are, which takes a run of the network for each
const [text, answer, bars, words] = ["text", "answer", "bars", "words"].map((id) => document.getElementById(id));
let waiting;

async function update() {
  words.replaceChildren();
  if (!text.value.trim()) {
    latest("asked"); // answers to what was there before come too late
    answer.textContent = "Type something.";
    bars.replaceChildren();
    return;
  }
  try {
    const found = await latest("asked", ask("predict", [text.value]));
    if (!found) return;
    answer.textContent = { empty: "There is no text.", unsure: "Not sure." }[found.prediction] ?? found.prediction;
    showBars(bars, found.probabilities ?? {});
  } catch (error) {
    showProblem(answer, error);
    return;
  }
  await explain();
}

async function explain() {
  try {
    const still = await latest("asked", new Promise((resolve) => setTimeout(resolve, EXPLAIN_PAUSE, true)));
    const reasons = still && (await latest("asked", ask("explain", [text.value])));
    if (reasons) mark(reasons.words);
  } catch (error) {
    showProblem(words, error);
  }
}

// The text with its words, those that moved the answer marked: for it, or struck through where they spoke against it.
function mark(reasons) {
  const moved = new Map(reasons.map(({ word, moved }) => [word, moved]));
  const most = Math.max(...[...moved.values()].map(Math.abs), 1e-9);
  for (const part of text.value.split(/(\s+)/)) {
    if (!moved.has(part)) {
      words.append(part);
      continue;
    }
    const share = moved.get(part);
    const word = document.createElement(share > 0 ? "mark" : "s");
    word.textContent = part;
    word.title = `${share > 0 ? "for" : "against"} the answer: ${Math.abs(100 * share).toFixed(1)} points`;
    word.style.opacity = 0.4 + (0.6 * Math.abs(share)) / most;
    words.append(word);
  }
}

text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(update, PAUSE);
});
document.getElementById("clear").addEventListener("click", () => {
  text.value = "";
  update();
  text.focus();
});

update();
showFacts(await facts(), where);
