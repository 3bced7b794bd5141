// What an exported generator draws: node generator.mjs stargan.onnx inputs.json, where the JSON has for each input its
// `dims` and `data`. Prints `pictures` in the same form. Needs onnxruntime-web; runs in browsers, too.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

const session = await ort.InferenceSession.create(readFileSync(process.argv[2]));
const inputs = {};
for (const [name, { dims, data }] of Object.entries(JSON.parse(readFileSync(process.argv[3], "utf8")))) {
  inputs[name] = new ort.Tensor("float32", Float32Array.from(data), dims);
}
const { pictures } = await session.run(inputs);
console.log(JSON.stringify({ dims: pictures.dims, data: [...pictures.data] }));
