// Faces that the mix makes newly correct or newly wrong.
import { ask, by, choices, count, face, make, problem } from "./parts.js";

const question = by("question");

const named = (part) => [part.part, part.set, part.trained].filter(Boolean).join(", ");

function entry(found) {
  const kind = found.is_fixed ? "newly correct" : "newly wrong";
  const [before, after] = found.right.map(([right, asked]) => `${right} of ${asked} networks right`);
  const caption = [make("b", { class: found.is_fixed ? "fixed" : "broken" }, kind), ` ${found.class}`,
    make("small", {}, `${found.before} → ${found.after}`)];
  return face(found.set, found.row, `${kind}: ${found.class}, face ${found.row} of ${found.set_name}`, caption, [
    ["true class", found.class], ["without the mix", `${found.before}, ${before}`],
    ["with the mix", `${found.after}, ${after}`], ["set", found.set_name], ["row", String(found.row)],
  ]);
}

function show(all) {
  const { part, kind, class: wanted } = Object.fromEntries(new FormData(question));
  const faces = all.faces.filter((found) => (!part || found.part === Number(part))
    && (!kind || found.is_fixed === (kind === "fixed")) && (!wanted || found.class === wanted) && found.set !== null);
  const parts = all.parts.filter((_, idx) => !part || idx === Number(part));
  const sum = (of) => parts.reduce((n, p) => n + p[of], 0);
  by("found").textContent = `Of ${count(sum("n_faces"), "face")}, ${sum("n_fixed")} newly correct and `
    + `${sum("n_broken")} newly wrong; ${count(faces.length, "example")} shown.`;
  by("grid").replaceChildren(...faces.map(entry));
}

async function begin() {
  const all = await ask("/api/changed");
  if (!all) {
    by("found").textContent = "There are no results yet: test people and unseen databases are counted when all is trained.";
    question.hidden = true;
    return;
  }
  by("to-report").hidden = false;
  choices(by("part"), all.parts.map((part, idx) => [idx, named(part)]));
  choices(by("class"), [...new Set(all.faces.map((found) => found.class))].sort().map((name) => [name, name]));
  question.addEventListener("input", () => show(all));
  question.addEventListener("submit", (event) => event.preventDefault());
  show(all);
}
begin().catch(problem);
