// Similarities of the plane: turn, scale and shift.

// The one that brings a list of points closest to another.
export function similarity(from, to) {
  const [[fromX, fromY], [toX, toY]] = [mean(from), mean(to)];
  let [along, across, squares] = [0, 0, 0];
  from.forEach(([x, y], index) => {
    const [a, b, c, d] = [x - fromX, y - fromY, to[index][0] - toX, to[index][1] - toY];
    along += a * c + b * d;
    across += a * d - b * c;
    squares += a * a + b * b;
  });
  const [cosine, sine] = [along / squares, across / squares];
  const turned = (x, y) => [cosine * x - sine * y, sine * x + cosine * y];
  const [shiftX, shiftY] = turned(-fromX, -fromY);
  const place = (x, y) => [cosine * x - sine * y + shiftX + toX, sine * x + cosine * y + shiftY + toY];
  return { scale: Math.hypot(cosine, sine), turned, place };
}

export function mean(points) {
  return [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
}
