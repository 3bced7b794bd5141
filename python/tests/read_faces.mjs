// Reads pictures by the WebAssembly module that the program carries, for test_web.py.
//   node read_faces.mjs FOLDER JOB.json
// In: FOLDER with howfar.wasm and reader.js; a job {model?: file, pictures: [{file, width, height}], frames}, each file
// with bytes of RGBA. Out, as JSON: what is read in each picture, what is read in it as a camera's frame again and
// again, milliseconds of the processor's time for both, and what each kind of bad input is answered with.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, jobFile] = process.argv.slice(2);
const { FaceReader } = await import(pathToFileURL(`${folder}/reader.mjs`).href);
const job = JSON.parse(readFileSync(jobFile, "utf8"));
const wasm = readFileSync(`${folder}/howfar.wasm`);
const model = job.model && readFileSync(job.model);

const reader = await FaceReader.load(wasm, model);
const timed = (look) => {
  const begin = process.cpuUsage();
  const seen = look();
  const { user, system } = process.cpuUsage(begin);
  return { ...seen, ms: (user + system) / 1000 };
};
const pictures = job.pictures.map(({ file, width, height }) => ({ data: readFileSync(file), width, height }));
// The first pictures are read while V8 still compiles.
for (let i = 0; i < 5; i += 1) reader.read(pictures[0]);
const stills = pictures.map((picture) => timed(() => reader.read(picture)));
const frames = pictures.map((picture) => {
  reader.forget();
  const camera = Array.from({ length: job.frames }, () => timed(() => reader.follow(picture)));
  return { faces: camera.at(-1)?.faces, ms: camera.map(({ ms }) => ms) };
});

const refused = async (look) => {
  try {
    await look();
  } catch (error) {
    return error.message;
  }
  return null;
};
const pixels = (n) => new Uint8ClampedArray(n);
const bad = {
  "no pixels": await refused(() => reader.read({ data: pixels(0), width: 0, height: 0 })),
  "too few bytes": await refused(() => reader.follow({ data: pixels(12), width: 2, height: 2 })),
  "too many pixels": await refused(() => reader.read({ data: pixels(4), width: 1e5, height: 1e5 })),
  "no weights": await refused(() => FaceReader.load(wasm, pixels(9))),
  "half of the weights": model && (await refused(() => FaceReader.load(wasm, model.subarray(0, model.length / 2)))),
  "half of the module": await refused(() => FaceReader.load(wasm.subarray(0, 1000))),
};
// Nothing of that keeps it from the next picture.
const again = reader.read(pictures[0]);
console.log(JSON.stringify({ stills, frames, bad, again, classes: reader.classes }));
