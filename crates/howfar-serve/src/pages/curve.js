// The curve of validation people against k as SVG: one line for each way of training.
import { make, percent } from "./parts.js";

const [WIDTH, HEIGHT, LEFT, BELOW, ABOVE, RIGHT] = [640, 260, 52, 40, 12, 14];
const COLOURS = 5;

/** k and what every finished network of it reached, in the order of k. */
function points(rows) {
  const on_curve = rows.filter((row) => row.curve_k !== null && !row.people_percent && !row.left_out);
  const found = on_curve.map((row) => [row.curve_k, row.cells.map((c) => c.validation).filter((v) => v !== null)]);
  return found.filter(([, values]) => values.length).sort(([a], [b]) => a - b);
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** What stands in words beside the picture, for those who do not see it. */
function words(series) {
  return series.map(([trained, line]) => `${trained}: ` + line.map(([k, values]) =>
    `k = ${k}: ${percent(mean(values))} (${values.length})`).join(", ")).join("; ");
}

/** The figure; nothing before the first finished network. */
export function curve(rows) {
  const tracks = Map.groupBy(rows, (row) => row.source ? `${row.trained}, ${row.source}` : row.trained);
  const series = [...tracks].map(([trained, of]) => [trained, points(of)]).filter(([, line]) => line.length);
  if (!series.length) return [];
  const all = series.flatMap(([, line]) => line);
  const values = all.flatMap(([, shares]) => shares);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = [0.02, 0.05, 0.1, 0.2].find((step) => high - low <= 5 * step) ?? 0.25;
  const [bottom, top] = [Math.floor(low / step) * step, Math.max(Math.ceil(high / step), Math.floor(low / step) + 1) * step];
  const most = Math.max(...all.map(([k]) => k), 1);
  const x = (k) => LEFT + (WIDTH - LEFT - RIGHT) * (0.03 + 0.94 * k / most);
  const y = (share) => ABOVE + (HEIGHT - ABOVE - BELOW) * (top - share) / (top - bottom);
  const picture = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words(series), class: "curve" });
  for (let share = bottom; share < top + step / 2; share += step) {
    picture.append(make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share), class: "rule" }),
      make("text", { x: LEFT - 8, y: y(share) + 4, "text-anchor": "end" }, `${Math.round(100 * share)} %`));
  }
  for (const k of new Set(all.map(([k]) => k))) {
    picture.append(make("text", { x: x(k), y: HEIGHT - BELOW + 18, "text-anchor": "middle" }, String(k)));
  }
  picture.append(make("text", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "k"));
  series.forEach(([, line], idx) => {
    const group = make("g", { class: `line c${idx % COLOURS}` });
    group.append(make("polyline", { points: line.map(([k, shares]) => `${x(k)},${y(mean(shares))}`).join(" ") }));
    for (const [k, shares] of line) {
      group.append(...shares.map((share) => make("circle", { cx: x(k), cy: y(share), r: 3 })));
    }
    picture.append(group);
  });
  const legend = series.length < 2 ? [] : [make("ul", { class: "legend" }, ...series.map(([trained], idx) =>
    make("li", {}, make("span", { class: `swatch c${idx % COLOURS}`, "aria-hidden": "true" }), ` ${trained}`)))];
  return [picture, ...legend];
}
