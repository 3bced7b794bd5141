// What every page uses: elements, questions to the server, words.

/** The element of an id. */
export const by = (id) => document.getElementById(id);

/** A new element with attributes and children; texts stay texts. */
export function make(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "line", "path", "circle", "text", "title", "polyline", "rect"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** What the server says at an address, as a value; an error has its words. */
export async function ask(address) {
  const answer = await fetch(address);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text.trim());
  return JSON.parse(text);
}

/** Shows what went wrong. */
export function problem(error) {
  by("problem").hidden = !error;
  by("problem").textContent = error ? String(error.message ?? error) : "";
}

/** `12.3 %`. */
export const percent = (value, digits = 1) => `${value.toFixed(digits)} %`;

/** `+1.2`, `−0.3`. */
export const points = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;

/** Seconds as people say them. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** `1 face`, `2 faces`. */
export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** Who made a face, in words. */
export const MADE = { real: "photograph", drawn: "drawn face", generated: "generated face" };

/** A face of a set as a button that shows it by itself. */
export function face(set, row, alt, caption, details) {
  const picture = () => make("img", { src: `/api/face/${set}/${row}`, alt, loading: "lazy", width: 96, height: 96 });
  const button = make("button", { type: "button", class: "face" }, picture(), make("span", {}, ...caption));
  button.addEventListener("click", () => {
    const shown = by("detail-picture");
    shown.src = `/api/face/${set}/${row}`;
    shown.alt = alt;
    const lines = details.filter(([, value]) => value);
    by("detail-words").replaceChildren(
      ...lines.map(([key, value]) => make("div", {}, make("dt", {}, key), make("dd", {}, value))));
    by("detail").showModal();
  });
  return button;
}

/** Choices of a select element, below the first. */
export function choices(select, entries) {
  const kept = select.value;
  select.replaceChildren(...[...select.options].slice(0, 1), ...entries.map(([value, words]) => make("option", { value }, words)));
  if (entries.some(([value]) => String(value) === kept)) select.value = kept;
}
