// The curve of those who choose k as SVG: one line for each way of training.
import { make, percent } from "./parts.js";

const [HEIGHT, LEFT, BELOW, ABOVE, RIGHT] = [270, 52, 44, 12, 14];
const [NARROWEST, WIDEST] = [260, 704];
const COLOURS = 5;
// Between two lines across, in percent; at most so many of them.
const STEPS = [2, 5, 10, 20, 25];
const MOST_STEPS = 6;

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** k and what every finished network of it reached, in the order of k. */
function line(rows) {
  const found = rows.map((row) => [row.curve_k, row.cells.map((c) => c.figure_percent).filter((v) => v !== null)]);
  return found.filter(([, values]) => values.length).sort(([a], [b]) => a - b);
}

/** What stands in words beside the picture, for those who do not see it. */
function words(series) {
  return series.map(([track, points]) => `${track}: ` + points.map(([k, values]) =>
    `k = ${k}: ${percent(mean(values))} (${values.length})`).join(", ")).join("; ");
}

/** The figure, as wide as there is room; nothing before the first finished network. */
export function curve(rows, room) {
  const on_curve = rows.filter((row) => row.curve_k !== null);
  const series = [...Map.groupBy(on_curve, (row) => row.track)].map(([track, of]) => [track, line(of)])
    .filter(([, points]) => points.length);
  if (!series.length) return [];
  const width = Math.min(Math.max(room, NARROWEST), WIDEST);
  const all_k = [...new Set(on_curve.map((row) => row.curve_k))].sort((a, b) => a - b);
  const values = series.flatMap(([, points]) => points.flatMap(([, shares]) => shares));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = STEPS.find((step) => high - low <= (MOST_STEPS - 1) * step) ?? STEPS.at(-1);
  const bottom = Math.floor(low / step) * step;
  const top = Math.max(Math.ceil(high / step) * step, bottom + step);
  const most = Math.max(...all_k, 1);
  const x = (k) => LEFT + (width - LEFT - RIGHT) * (0.03 + 0.94 * k / most);
  const y = (share) => ABOVE + (HEIGHT - ABOVE - BELOW) * (top - share) / (top - bottom);
  const picture = make("svg", { width, height: HEIGHT, role: "img", "aria-label": words(series), class: "curve" });
  for (let share = bottom; share <= top; share += step) {
    picture.append(make("line", { x1: LEFT, x2: width - RIGHT, y1: y(share), y2: y(share), class: "rule" }),
      make("text", { x: LEFT - 8, y: y(share) + 4, "text-anchor": "end" }, `${share} %`));
  }
  for (const k of all_k) {
    picture.append(make("text", { x: x(k), y: HEIGHT - BELOW + 20, "text-anchor": "middle" }, String(k)));
  }
  picture.append(make("text", { x: (LEFT + width) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "k"));
  series.forEach(([, points], idx) => {
    const group = make("g", { class: `line c${idx % COLOURS}` });
    group.append(make("polyline", { points: points.map(([k, shares]) => `${x(k)},${y(mean(shares))}`).join(" ") }));
    for (const [k, shares] of points) {
      group.append(...shares.map((share) => make("circle", { cx: x(k), cy: y(share), r: 3 })));
    }
    picture.append(group);
  });
  const legend = series.length < 2 ? [] : [make("ul", { class: "legend" }, ...series.map(([track], idx) =>
    make("li", {}, make("span", { class: `swatch c${idx % COLOURS}`, "aria-hidden": "true" }), ` ${track}`)))];
  return [picture, ...legend];
}
