/**
 * Which pixels a shape covers, exactly: a pixel belongs if its centre does. Shapes call `span(row, left, right)`, the
 * last column included. Positions are in pixels from the upper left corner, so that centres lie at halves.
 */

/** The nearest position at which a disc of a diameter in whole pixels lies evenly: a centre, or a corner if even. */
export function snap(point, diameter) {
  return diameter % 2
    ? { x: Math.floor(point.x) + 0.5, y: Math.floor(point.y) + 0.5 }
    : { x: Math.round(point.x), y: Math.round(point.y) };
}

/** All within half a diameter of the line from `a` to `b`: what a round brush covers on its way. */
export function capsule(a, b, diameter, span) {
  const radius = diameter / 2;
  const isCovered = coverTest(a, b, radius);
  const first = Math.floor(Math.min(a.y, b.y) - radius);
  const last = Math.ceil(Math.max(a.y, b.y) + radius);
  for (let row = first; row <= last; row++) {
    const reach = reachOfCapsule(a, b, radius, row + 0.5);
    if (!reach) continue;
    let left = Math.round(reach.left - 0.5);
    let right = Math.round(reach.right - 0.5);
    // the ends are computed with roots, which may miss a pixel by rounding; the test of a pixel is exact
    while (isCovered(left - 1, row)) left--;
    while (left <= right && !isCovered(left, row)) left++;
    while (isCovered(right + 1, row)) right++;
    while (right >= left && !isCovered(right, row)) right--;
    if (left <= right) span(row, left, right);
  }
}

/** Whether the centre of a pixel lies within a radius of the line from `a` to `b`, without any root. */
function coverTest(a, b, radius) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const square = radius * radius;
  return (column, row) => {
    const [x, y] = [column + 0.5 - a.x, row + 0.5 - a.y];
    const along = x * dx + y * dy;
    if (along <= 0) return x * x + y * y <= square;
    if (along >= length) return (x - dx) ** 2 + (y - dy) ** 2 <= square;
    return (x * dy - y * dx) ** 2 <= square * length;
  };
}

/** The stretch of a horizontal line at height `y` that a capsule, which is convex, covers; null if none. */
function reachOfCapsule(a, b, radius, y) {
  let [left, right] = [Infinity, -Infinity];
  const add = (x) => {
    left = Math.min(left, x);
    right = Math.max(right, x);
  };
  for (const end of [a, b]) {
    const half = radius * radius - (y - end.y) ** 2;
    if (half >= 0) {
      add(end.x - Math.sqrt(half));
      add(end.x + Math.sqrt(half));
    }
  }
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  if (length > 0) {
    const [nx, ny] = [(-dy / length) * radius, (dx / length) * radius];
    const corners = [[a.x + nx, a.y + ny], [b.x + nx, b.y + ny], [b.x - nx, b.y - ny], [a.x - nx, a.y - ny]];
    corners.forEach(([x, top], index) => {
      const [other, bottom] = corners[(index + 1) % 4];
      if (top !== bottom && (y - top) * (y - bottom) <= 0) add(x + ((y - top) / (bottom - top)) * (other - x));
    });
  }
  return left <= right ? { left, right } : null;
}

/** The rectangle between the pixels of two positions, both included. */
export function rectangle(a, b, span) {
  const left = Math.floor(Math.min(a.x, b.x));
  const right = Math.floor(Math.max(a.x, b.x));
  const bottom = Math.floor(Math.max(a.y, b.y));
  for (let row = Math.floor(Math.min(a.y, b.y)); row <= bottom; row++) span(row, left, right);
}

/** What a closed line encloses; where it crosses itself, all that it winds around. */
export function polygon(points, span) {
  const edges = points
    .map((point, index) => [point, points[(index + 1) % points.length]])
    .filter(([from, to]) => from.y !== to.y);
  const heights = points.map((point) => point.y);
  const last = Math.floor(Math.max(...bounds(heights)));
  for (let row = Math.floor(Math.min(...bounds(heights))); row <= last; row++) {
    const y = row + 0.5;
    const crossings = [];
    for (const [from, to] of edges) {
      if (Math.min(from.y, to.y) <= y && y < Math.max(from.y, to.y)) {
        crossings.push({ x: from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x), turn: Math.sign(to.y - from.y) });
      }
    }
    crossings.sort((one, other) => one.x - other.x);
    let winding = 0;
    crossings.forEach(({ x, turn }, index) => {
      if (winding) span(row, Math.ceil(crossings[index - 1].x - 0.5), Math.ceil(x - 0.5) - 1);
      winding += turn;
    });
  }
}

/** The least and the largest number; a long list does not fit in the arguments of Math.min. */
function bounds(numbers) {
  return numbers.reduce(([least, most], number) => [Math.min(least, number), Math.max(most, number)], [Infinity, -Infinity]);
}
