// What an exported network says of cropped faces: node use.mjs expression.onnx face.rgba …, where a .rgba is the side
// as one byte and then the pixels, as a canvas's getImageData gives them. Needs onnxruntime-web; runs in browsers, too.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

const session = await ort.InferenceSession.create(readFileSync(process.argv[2]));
for (const path of process.argv.slice(3)) {
  const [side, ...rgba] = readFileSync(path);
  const rgb = Uint8Array.from(rgba.filter((_, i) => i % 4 < 3));
  const pictures = new ort.Tensor("uint8", rgb, [1, side, side, 3]);
  const { probabilities } = await session.run({ pictures });
  console.log(JSON.stringify({ image: path, probabilities: [...probabilities.data] }));
}
