// What the pages of all projects share.

const LARGEST_SIDE = 1024;
const MOST_BARS = 10;
const WORDS = {
  empty: "There is nothing in it.", none: "None of the labels.", silent: "There is nothing to hear.", unsure: "Not sure.",
};

// A prediction with a bar for each class, and the reason where it names none.
export function showPrediction(found, { predict, thresholds }) {
  const { prediction, probabilities = {}, detail = "" } = found;
  const most = Math.max(...Object.values(probabilities));
  const unsure = `The likeliest class has ${percent(most)}; a prediction needs ${percent(predict.min_probability)} (predict.min_probability).`;
  showMessage(inWords(found, WORDS).replaceAll("|", ", ")); // several labels, each from its own threshold on
  const named = !found.probabilities || thresholds || prediction in probabilities;
  document.getElementById("why").textContent = named ? detail : unsure;
  showBars(document.getElementById("bars"), probabilities);
}

// A sentence in place of a prediction.
export function showMessage(text) {
  document.getElementById("answer").textContent = text;
  document.getElementById("why").textContent = "";
  document.getElementById("bars").replaceChildren();
}

// Bars of shares between 0 and 1, by name; the largest is marked, and of many only the largest are shown. `colors` are [red, green, blue], one a bar.
export function showBars(list, shares, colors = []) {
  const most = Math.max(...Object.values(shares));
  const all = Object.entries(shares).map(([name, share], index) => ({ name, share, color: colors[index] }));
  const ranked = all.toSorted((one, other) => other.share - one.share).slice(0, MOST_BARS);
  const rows = (all.length > MOST_BARS ? ranked : all).map(({ name, share, color }) => {
    const row = document.createElement("li");
    const label = document.createElement("span");
    const meter = document.createElement("meter");
    const figure = document.createElement("span");
    label.textContent = name;
    if (color) row.style.setProperty("--swatch", `rgb(${color.join(" ")})`);
    Object.assign(meter, { min: 0, max: 1, value: share });
    figure.textContent = percent(share);
    row.classList.toggle("most", share === most);
    row.append(label, meter, figure);
    return row;
  });
  list.replaceChildren(...rows);
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

// An answer that is no class, such as "unsure"; in brackets where a class has that name, as in Python.
export function answerNamed(name, labels) {
  return labels.includes(name) ? answerNamed(`(${name})`, labels) : name;
}

// What an exported classifier's probabilities mean: a class, or "unsure"; of several labels, those from their thresholds on, or "none".
export function answerOf(shares, { labels, thresholds, predict }) {
  const best = shares.indexOf(Math.max(...shares));
  const sure = shares[best] >= predict.min_probability;
  const named = labels.filter((_, index) => (thresholds ? shares[index] >= thresholds[index] : sure && index === best));
  return {
    prediction: named.join("|") || answerNamed(thresholds ? "none" : "unsure", labels),
    probabilities: Object.fromEntries(labels.map((label, index) => [label, shares[index]])),
  };
}

// A prediction for people: a class by its name, another answer, such as "unsure" or "(unsure)", in the words for it.
export function inWords({ prediction, probabilities = {} }, words) {
  return prediction in probabilities ? prediction : (words[prediction.replace(/^\(+|\)+$/g, "")] ?? prediction);
}

// Where the network comes from, and where it computes.
export function showFacts({ data, metrics, parameters }, where) {
  const substituted = data.substituted ? ` (${data.substituted})` : "";
  const score = Object.entries(metrics.validation ?? {}).find(([name, value]) => name !== "loss" && value <= 1);
  const parts = [`Trained on ${data.source}${substituted}`, `${parameters.toLocaleString("en")} parameters`];
  if (score) parts.push(`validation ${score[0].replaceAll("_", " ")} ${score[1].toFixed(3)}`);
  document.getElementById("facts").textContent = parts.join(" · ");
  document.getElementById("where").textContent = where;
}

export function showProblem(place, error) {
  place.textContent = `That did not work: ${error.message}.`;
}

// An image file as a canvas of its shape, on white; a larger one is scaled down.
// `valueRange` is that of the network's training images, where they had more than 8 bits a pixel.
export async function load(file, largest = LARGEST_SIDE, valueRange = []) {
  if (valueRange.length && (await isDeep(file))) {
    throw new Error("a browser keeps 8 of this image's 16 bits a pixel; use `python main.py predict` for it");
  }
  const image = await createImageBitmap(file).catch(() => {
    throw new Error("this browser cannot read the file as an image");
  });
  const scale = Math.min(1, largest / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  fill(canvas, image);
  return canvas;
}

// Whether a file is a gray PNG of 16 bits a pixel, which Python scales by the network's range of values.
export async function isDeep(file) {
  const head = new Uint8Array(await file.slice(0, 26).arrayBuffer());
  const isPng = [0x89, 0x50, 0x4e, 0x47].every((byte, index) => head[index] === byte);
  return isPng && head[24] === 16 && head[25] === 0;
}

// Draws an image into the middle of a canvas, as large as it fits, on white.
export function fill(canvas, image) {
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const fit = Math.min(canvas.width / image.width, canvas.height / image.height);
  const [width, height] = [image.width * fit, image.height * fit];
  context.drawImage(image, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}

const turns = new Map();

// What a promise gives, or null where something newer of that name has begun meanwhile: results may overtake each other.
export async function latest(name, promise) {
  const turn = (turns.get(name) ?? 0) + 1;
  turns.set(name, turn);
  try {
    const found = await promise;
    return turns.get(name) === turn ? found : null;
  } catch (error) {
    if (turns.get(name) === turn) throw error;
    return null;
  }
}
