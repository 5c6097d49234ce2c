// Runs the exported network on the device, with onnxruntime-web from beside this page.

import * as ort from "../ort/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // more need headers that plain file servers do not send
ort.env.wasm.wasmPaths = new URL("../ort/", import.meta.url).href;

export const where = "Predictions are computed on this device; your input does not leave it.";

const metadata = fetch("model.json").then((response) => response.json());
navigator.serviceWorker?.register("../service-worker.js", { scope: "../" });

// What the network's file carries.
export function facts() {
  return metadata;
}

// What the page offers to click.
export function examples() {
  return fetch("examples.json").then((response) => (response.ok ? response.json() : []));
}

let loading = new Promise((resolve) => setTimeout(resolve, 500)); // the page is shown first

// The network of a file beside this page: from one input tensor to all outputs, by name. It is loaded before it is used,
// one network after the other, so that the first answer need not wait for it.
export function network(file) {
  let session;
  const load = () => {
    session ??= ort.InferenceSession.create(file, { executionProviders: ["wasm"] }).catch((error) => {
      session = undefined; // so that the next call tries again
      throw error;
    });
    return session;
  };
  loading = loading.then(load).catch(() => {}); // a problem is shown where the network is used
  return async (type, data, shape) => {
    const loaded = await load();
    return loaded.run({ [loaded.inputNames[0]]: new ort.Tensor(type, data, shape) });
  };
}

export const run = network("model.onnx");

// A mask of class ids as a PNG in their colors, in base64.
export async function pngOf(mask, width, height, colors) {
  const canvas = new OffscreenCanvas(width, height);
  const pixels = new ImageData(width, height);
  mask.forEach((id, index) => pixels.data.set([...colors[id], 255], 4 * index));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function pixelsOf(canvas) {
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
}
