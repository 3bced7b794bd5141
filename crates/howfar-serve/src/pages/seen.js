// A network that looks at pictures and the camera, in this browser.
import { FaceReader } from "./reader.js";
import { by, make, percent, problem } from "./parts.js";

// A photograph is looked at in its own size up to here; the camera in the size that it gives.
const LONGEST_SIDE = 4096;
// Frames over which the rate is counted.
const RATE_FRAMES = 15;
// Who listens to a screen reader hears a new word at most so often.
const SPOKEN_EVERY = 2_000;

let reader;
let classes = [];

/** The classes of a face by their probability. */
const ranked = (face) => classes.map((name, idx) => [name, face.probabilities[idx]]).sort(([, a], [, b]) => b - a);

/** Bars in the order of the classes, so that they stand still from frame to frame. */
function bars(face) {
  return classes.map((name, idx) => {
    const share = face.probabilities[idx];
    const bar = make("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", share);
    return make("li", {}, make("span", {}, name), bar, make("span", { class: "number" }, percent(100 * share, 0)));
  });
}

/** Boxes and eyes on a canvas of the picture's size. */
function mark(canvas, faces) {
  const context = canvas.getContext("2d");
  const thick = Math.max(2, canvas.width / 200);
  context.lineWidth = thick;
  context.font = `${7 * thick}px system-ui, sans-serif`;
  faces.forEach(({ box: [left, top, width, height], eyes }, idx) => {
    context.strokeStyle = context.fillStyle = "#ffd166";
    context.strokeRect(left, top, width, height);
    for (const [x, y] of eyes ?? []) {
      context.beginPath();
      context.arc(x, y, 1.5 * thick, 0, 7);
      context.fill();
    }
    if (faces.length > 1) context.fillText(String(idx + 1), left + thick, top + 8 * thick);
  });
}

// ── Pictures ──

async function look(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = make("canvas", { width, height, role: "img" });
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0, width, height);
  const { faces } = reader.read(context.getImageData(0, 0, width, height));
  mark(canvas, faces);
  const lines = faces.map((face, idx) => {
    const [[first, most], [second, next]] = ranked(face);
    const number = faces.length > 1 ? `${idx + 1}: ` : "";
    return make("p", {}, `${number}${first} ${percent(100 * most, 0)}, ${second} ${percent(100 * next, 0)}`);
  });
  const words = faces.length ? lines.map((line) => line.textContent).join("; ") : "no face found";
  canvas.setAttribute("aria-label", `${file.name}: ${words}`);
  return make("figure", { class: "looked" }, canvas, make("figcaption", {}, make("b", {}, file.name),
    ...(lines.length ? lines : [make("p", {}, "no face found")])));
}

async function lookAll(files) {
  problem("");
  for (const file of files) {
    try {
      by("pictures").prepend(await look(file));
    } catch (error) {
      problem(`${file.name}: this browser cannot read it as a picture (${error.message ?? error})`);
    }
  }
}

by("files").addEventListener("change", () => lookAll([...by("files").files]));
for (const kind of ["dragover", "drop", "dragleave"]) {
  document.body.addEventListener(kind, (event) => {
    event.preventDefault();
    by("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && reader) lookAll([...event.dataTransfer.files]);
  });
}

// ── Camera ──

let stream;

async function start() {
  if (!navigator.mediaDevices) {
    throw new Error("The browser gives the camera to pages of this machine and of secure addresses alone. "
      + "From another machine: ssh -L 8780:localhost:8780 HOST, then open localhost:8780.");
  }
  stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, facingMode: "user" } });
  const video = by("video");
  video.srcObject = stream;
  await video.play();
  by("live").hidden = false;
  by("camera").textContent = "Stop the camera";
  watch(video);
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
  by("live").hidden = true;
  by("camera").textContent = "Start the camera";
}

function watch(video) {
  const [marks, frame] = [by("marks"), document.createElement("canvas")];
  [marks.width, marks.height] = [frame.width, frame.height] = [video.videoWidth, video.videoHeight];
  const context = frame.getContext("2d", { willReadFrequently: true });
  const times = [];
  let spoken = 0;
  reader.forget();
  const next = () => {
    if (!stream) return;
    const begun = performance.now();
    context.drawImage(video, 0, 0);
    const { faces } = reader.follow(context.getImageData(0, 0, frame.width, frame.height));
    marks.getContext("2d").clearRect(0, 0, marks.width, marks.height);
    mark(marks, faces);
    const face = faces[0];
    by("bars").replaceChildren(...(face ? bars(face) : []));
    times.push([begun, performance.now() - begun]);
    if (times.length > RATE_FRAMES) times.shift();
    const span = begun - times[0][0];
    const own = times.reduce((sum, [, took]) => sum + took, 0) / times.length;
    if (span > 0) {
      const rate = 1000 * (times.length - 1) / span;
      by("rate").textContent = `${rate.toFixed(0)} frames a second, ${own.toFixed(0)} ms each`;
      by("live").dataset.rate = rate.toFixed(1);
    }
    if (begun - spoken > SPOKEN_EVERY) {
      by("seen").textContent = face ? `It looks like ${ranked(face)[0][0]}.` : "No face is in sight.";
      spoken = begun;
    }
    video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : requestAnimationFrame(next);
  };
  next();
}

by("camera").addEventListener("click", () => (stream ? stop() : start().catch((error) => {
  stop();
  problem(error);
})));

// ── The network ──

async function begin() {
  const [program, model] = await Promise.all(["/assets/howfar.wasm", "/api/model"].map(async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(await answer.text());
    return new Uint8Array(await answer.arrayBuffer());
  }));
  reader = await FaceReader.load(program, model);
  classes = reader.classes;
  by("state").textContent = `It tells ${classes.length} expressions apart: ${classes.join(", ")}.`;
  by("camera").disabled = by("files").disabled = false;
}
begin().catch((error) => {
  by("state").textContent = "";
  problem(error);
});
