// Dlib's five landmarks of a face by regression trees: dlib_landmarks.py in JavaScript.

import { similarity } from "./similarity.mjs";

const TYPES = { F32: Float32Array, I32: Int32Array };

// The trees in a file of safetensors: its header is JSON, and says where the numbers of each tensor lie.
export function treesOf(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensor = (name) => {
    const [start, end] = header[name].data_offsets.map((offset) => 8 + length + offset);
    return new TYPES[header[name].dtype](buffer.slice(start, end));
  };
  const [cascades, trees, splits] = header.thresholds.shape;
  const names = ["splits", "thresholds", "leaves", "anchors", "offsets"];
  const shape = tensor("shape");
  return {
    shape: [0, 1, 2, 3, 4].map((index) => [shape[2 * index], shape[2 * index + 1]]),
    count: trees,
    depth: Math.log2(splits + 1),
    cascades: inParts(Object.fromEntries(names.map((name) => [name, tensor(name)])), cascades),
  };
}

function inParts(tensors, count) {
  const part = ({ length }, index) => [(index * length) / count, ((index + 1) * length) / count];
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, values.subarray(...part(values, index))])),
  );
}

// The landmarks [x, y] of a face in a gray square, beginning from a box: the corner [x, y] and the side of it.
export function findLandmarks({ shape: meanShape, count, depth, cascades }, image, corner, side) {
  const onImage = ([x, y]) => [x * side + corner[0], y * side + corner[1]];
  const shape = meanShape.map((point) => [...point]);
  for (const cascade of cascades) {
    const values = compared(cascade, meanShape, shape).map((place) => pixel(image, onImage(place)));
    for (let tree = 0; tree < count; tree++) {
      const leaf = (tree * 2 ** depth + leafOf(cascade, tree, depth, values)) * 2 * shape.length;
      shape.forEach((point, index) => {
        point[0] += cascade.leaves[leaf + 2 * index];
        point[1] += cascade.leaves[leaf + 2 * index + 1];
      });
    }
  }
  return shape.map(onImage);
}

// Where the pixels that a cascade compares lie: beside the landmarks, turned as the shape is.
function compared({ anchors, offsets }, meanShape, shape) {
  const { turned } = similarity(meanShape, shape);
  return Array.from(anchors, (anchor, index) => {
    const [x, y] = turned(offsets[2 * index], offsets[2 * index + 1]);
    return [shape[anchor][0] + x, shape[anchor][1] + y];
  });
}

function leafOf({ splits, thresholds }, tree, depth, values) {
  const inner = 2 ** depth - 1;
  let node = 0;
  while (node < inner) {
    const part = tree * inner + node;
    const difference = values[splits[2 * part]] - values[splits[2 * part + 1]];
    node = 2 * node + (Math.fround(difference) > thresholds[part] ? 1 : 2);
  }
  return node - inner;
}

// Zero outside the image.
function pixel({ pixels, side }, [x, y]) {
  const [column, row] = [Math.floor(x + 0.5), Math.floor(y + 0.5)];
  return column >= 0 && column < side && row >= 0 && row < side ? pixels[row * side + column] : 0;
}
