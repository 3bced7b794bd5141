// A study on its way: what the server tells, drawn anew whenever it changes.
import { ask, by, count, duration, make, percent, problem } from "./parts.js";
import { curve } from "./curve.js";

// A letter beside the colour: nobody has to tell colours apart.
const STATES = { finished: "✓", running: "▶", stopped: "‖", failed: "✕", waiting: "·" };
const SPOKEN_EVERY = 10_000;
let spoken = 0;

by("legend").replaceChildren(...Object.entries(STATES).map(([state, mark]) =>
  make("li", {}, make("span", { class: `cell ${state}`, "aria-hidden": "true" }, mark), ` ${state}`)));

/** All cells of one row of the table. */
function cells(row) {
  return row.cells.map((cell) => {
    const seen = cell.validation === null ? "" : `, validation ${percent(cell.validation)}`;
    const share = cell.state === "running" ? `, ${percent(cell.share, 0)} of the epochs` : "";
    const words = `${row.words}, split ${cell.split}, seed ${cell.seed}: ${cell.state}${share}${seen}`;
    const mark = make("span", { class: `cell ${cell.state}`, role: "img", "aria-label": words, title: words },
      STATES[cell.state]);
    if (cell.state === "running") mark.style.setProperty("--share", cell.share);
    return mark;
  });
}

/** A table for each way of training. */
function tables(course) {
  return [...Map.groupBy(course.rows, (row) => row.trained)].map(([trained, rows]) => {
    const body = rows.map((row) => {
      const known = row.cells.map((cell) => cell.validation).filter((share) => share !== null);
      const mean = known.length ? percent(known.reduce((a, b) => a + b) / known.length) : "–";
      return make("tr", {}, make("th", { scope: "row" }, row.words), make("td", {}, make("div", { class: "cells" },
        ...cells(row))), make("td", { class: "number" }, mean));
    });
    const head = ["Trained on", "Splits and seeds", "Validation"].map((word) => make("th", { scope: "col" }, word));
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": trained }, make("table", {},
      make("caption", {}, trained), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)));
  });
}

function counts(course) {
  const total = Object.values(course.counts).reduce((a, b) => a + b, 0);
  const finished = course.counts.finished ?? 0;
  const others = Object.keys(STATES).filter((state) => state !== "finished" && course.counts[state]);
  const left = course.has_results || course.seconds_left === null || finished === total
    ? "" : `; about ${duration(course.seconds_left)} left`;
  const stage = course.has_results ? "" : course.is_chosen ? " k is chosen; its controls are trained."
    : " k is not chosen yet: the controls follow when these runs are finished.";
  return `${finished} of ${total} runs finished${others.map((s) => `, ${course.counts[s]} ${s}`).join("")}${left}.${stage}`;
}

function show(course) {
  const total = Object.values(course.counts).reduce((a, b) => a + b, 0);
  by("progress").value = total ? (course.counts.finished ?? 0) / total : 0;
  const now = Date.now();
  // Who listens to a screen reader is not told of every epoch.
  if (now - spoken > SPOKEN_EVERY || course.has_results || spoken === 0) {
    by("counts").textContent = counts(course);
    spoken = now;
  }
  const hosts = [...new Set(course.runners.map((runner) => runner.host))].join(", ");
  by("runners").textContent = course.runners.length
    ? `${count(course.runners.length, "process", "processes")} at work: ${hosts}`
    : course.has_results ? "" : "No process works on it now: howfar run goes on.";
  by("cells").replaceChildren(...tables(course));
  by("curves").replaceChildren(...curve(course.rows));
  by("failures").hidden = course.failed.length === 0;
  by("failed").replaceChildren(...course.failed.map((cell) => make("li", {}, `run ${cell.place}: ${cell.error}`)));
  if (course.has_results) {
    by("answer").textContent = course.answer;
    by("to-report").hidden = false;
  }
  document.documentElement.dataset.results = course.has_results;
}

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
ask("/api/course").then(show).catch(problem);
