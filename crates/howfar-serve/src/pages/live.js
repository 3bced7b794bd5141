// A study on its way: what the server tells, drawn anew whenever it changes.
import { by, count, duration, make, percent, points, problem } from "./parts.js";
import { curve } from "./curve.js";

// A mark beside the colour: nobody has to tell colours apart.
const STATES = { finished: "✓", running: "▶", stopped: "‖", failed: "✕", waiting: "·" };
// Who listens to a screen reader is not told of every epoch.
const SPOKEN_EVERY = 10_000;
let spoken = 0;
let last;

by("legend").replaceChildren(...Object.entries(STATES).map(([state, mark]) =>
  make("li", {}, make("span", { class: `cell ${state}`, "aria-hidden": "true" }, mark), ` ${state}`)));

/** All cells of one row of the table. */
function cells(row) {
  return row.cells.map((cell) => {
    const seen = cell.figure_percent === null ? "" : `, ${percent(cell.figure_percent)}`;
    const share = cell.state === "running" ? `, ${percent(100 * cell.share, 0)} of the epochs` : "";
    const words = `${row.words}, split ${cell.split}, seed ${cell.seed}: ${cell.state}${share}${seen}`;
    const mark = make("span", { class: `cell ${cell.state}`, role: "img", "aria-label": words, title: words },
      STATES[cell.state]);
    if (cell.state === "running") mark.style.setProperty("--share", cell.share);
    return mark;
  });
}

function line(row) {
  const interval = row.gain_interval_points?.map(points).join(" to ");
  const gain = row.gain_points === null ? "–" : `${points(row.gain_points)}${interval ? ` (${interval})` : ""}`;
  const mean = row.mean_percent === null ? "–" : percent(row.mean_percent);
  return make("tr", {}, make("th", { scope: "row" }, row.words, ...(row.is_chosen ? [make("b", {}, " chosen")] : [])),
    make("td", {}, make("div", { class: "cells" }, ...cells(row))),
    make("td", { class: "number" }, mean), make("td", { class: "number" }, gain));
}

/** A table for each way of training. */
function tables(rows) {
  return [...Map.groupBy(rows, (row) => row.track)].map(([track, of]) => {
    const head = [["Trained on"], ["Splits and seeds"], ["Faces that choose", "number"], ["Over labelled alone, points", "number"]];
    const titles = head.map(([word, kind]) => make("th", { scope: "col", class: kind }, word));
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": track }, make("table", {},
      make("caption", {}, track), make("thead", {}, make("tr", {}, ...titles)), make("tbody", {}, ...of.map(line))));
  });
}

function counts(course, total) {
  const finished = course.counts.finished ?? 0;
  const others = Object.keys(STATES).filter((state) => state !== "finished" && course.counts[state]);
  const is_over = course.answer !== null;
  const left = is_over || course.seconds_left === null || finished === total
    ? "" : `; about ${duration(course.seconds_left)} left`;
  const stage = is_over ? "" : course.is_chosen ? " k is chosen; its controls are trained."
    : " k is not chosen yet: the controls follow when these runs are finished.";
  return `${finished} of ${total} runs finished${others.map((s) => `, ${course.counts[s]} ${s}`).join("")}${left}.${stage}`;
}

function show(course) {
  last = course;
  const total = Object.values(course.counts).reduce((a, b) => a + b, 0);
  const is_over = course.answer !== null;
  by("progress").value = total ? (course.counts.finished ?? 0) / total : 0;
  const now = Date.now();
  if (now - spoken > SPOKEN_EVERY || is_over) {
    by("counts").textContent = counts(course, total);
    spoken = now;
  }
  const hosts = [...new Set(course.runners.map((runner) => runner.host))].join(", ");
  by("runners").textContent = course.runners.length
    ? `${count(course.runners.length, "process", "processes")} at work: ${hosts}`
    : is_over ? "" : "No process works on it now; howfar run goes on where it stopped.";
  by("cells").replaceChildren(...tables(course.rows));
  by("curves").replaceChildren(...curve(course.rows, by("curves").clientWidth));
  by("failures").hidden = course.failed.length === 0;
  by("failed").replaceChildren(...course.failed.map((words) => make("li", {}, words)));
  if (is_over) {
    by("answer").textContent = course.answer;
    by("answer").classList.add("sentence");
    by("to-report").hidden = false;
  }
  document.documentElement.dataset.results = is_over;
}

addEventListener("resize", () => last && by("curves").replaceChildren(...curve(last.rows, by("curves").clientWidth)));
const events = new EventSource("/api/events");
events.onmessage = (event) => {
  const told = JSON.parse(event.data);
  problem(told.error);
  if (!told.error) show(told);
};
// The browser connects anew by itself; meanwhile what is shown is old.
events.onerror = () => problem(events.readyState === EventSource.CLOSED
  ? "The server does not answer. Open the page again when it runs."
  : "The server does not answer; what stands here is what it said last.");
events.onopen = () => problem("");
