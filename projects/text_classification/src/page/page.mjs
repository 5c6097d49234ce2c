// Type a text, see the probability of each class and the words that changed the prediction most.

import { ask, facts, where } from "./ask.mjs";
import { latest, showFacts, showMessage, showPrediction, showProblem } from "./common.mjs";
import { offerExamples, takeFiles } from "./input.mjs";

const PAUSE = 300; // milliseconds without a key before the text is classified
const EXPLAIN_PAUSE = 700; // further milliseconds before it is explained, which runs the network once per word
const [text, answer, words] = ["text", "answer", "words"].map((id) => document.getElementById(id));
const metadata = await facts();
let waiting;

async function update() {
  words.replaceChildren();
  if (!text.value.trim()) {
    latest("asked"); // predictions of the text before come too late
    showMessage("Type something.");
    return;
  }
  try {
    const found = await latest("asked", ask("predict", [text.value]));
    if (!found) return;
    showPrediction(found, metadata);
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

// Marks the words that raise the probability of the predicted class, and strikes through those that lower it.
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
    word.title = `${share > 0 ? "for" : "against"} the prediction: ${Math.abs(100 * share).toFixed(1)} points`;
    word.style.setProperty("--share", `${20 + (50 * Math.abs(share)) / most}%`);
    words.append(word);
  }
}

text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(update, PAUSE);
});
document.getElementById("clear").addEventListener("click", () => {
  show("");
  text.focus();
});

function show(content) {
  text.value = content;
  update();
}

update();
takeFiles("file", async (file) => show(await file.text()));
showFacts(metadata, where);
offerExamples(show);
