// The faces of a set, a page at a time.
import { MADE, ask, by, choices, count, face, make, problem } from "./parts.js";

const question = by("question");
let from = 0;
let asked = 0;

function entry(set, found) {
  const made = MADE[found.provenance];
  return face(set, found.row, `${made}, ${found.class}, of ${found.subject}`, [found.class, make("small", {}, found.subject)], [
    ["class", found.class], ["whose", found.subject], ["made as", made], ["made from", found.parent],
    ["group", found.group], ["source", found.source], ["row", String(found.row)],
  ]);
}

async function show() {
  const mine = ++asked;
  const fields = new URLSearchParams(new FormData(question));
  if (!fields.has("set")) fields.set("set", "0");
  fields.set("from", from);
  const page = await ask(`/api/faces?${fields}`);
  // A slower answer to an older question.
  if (mine !== asked) return;
  problem("");
  choices(by("class"), page.classes.map((name) => [name, name]));
  const last = from + page.faces.length;
  const shown = page.faces.length ? `, ${(from + 1).toLocaleString("en")} to ${last.toLocaleString("en")} shown` : "";
  by("found").textContent =
    `${count(page.n_found, "face")} of ${page.n_faces.toLocaleString("en")}, ${count(page.n_people, "identity", "identities")}${shown}`;
  by("grid").replaceChildren(...page.faces.map((found) => entry(fields.get("set"), found)));
  by("previous").disabled = from === 0;
  by("next").disabled = last >= page.n_found;
  turn.size = page.per_page;
}

function turn(pages) {
  from = Math.max(0, from + pages * turn.size);
  show().catch(problem);
}
turn.size = 0;

by("previous").addEventListener("click", () => turn(-1));
by("next").addEventListener("click", () => turn(1));
question.addEventListener("input", (event) => {
  from = 0;
  if (event.target.name === "set") by("class").value = "";
  show().catch(problem);
});
question.addEventListener("submit", (event) => event.preventDefault());

async function begin() {
  const sets = await ask("/api/sets");
  by("set").replaceChildren(...sets.map(({ name, role }, idx) =>
    make("option", { value: idx }, role ? `${name} (${role})` : name)));
  by("set-label").hidden = sets.length < 2;
  await show();
}
begin().catch(problem);
