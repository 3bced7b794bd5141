/**
 * Reads expressions in a page: finds the faces of a picture and says what a trained network of howfar sees in them.
 *
 * In: `howfar.wasm`, a weight file as `howfar train` writes it, ImageData of a canvas. Out: faces with boxes, eyes and
 * probabilities. Everything is computed where the page is; nothing is sent anywhere. A Content-Security-Policy needs
 * `script-src 'self' 'wasm-unsafe-eval'` for it.
 *
 * @typedef {object} SeenFace
 * @property {[number, number, number, number]} box left, top, width, height in pixels of the picture
 * @property {[[number, number], [number, number]] | null} eyes their middles, the picture's left one first
 * @property {number | null} score the detector's; null where it looked for no faces
 * @property {number[]} probabilities one a class, in the order of `classes`
 *
 * @typedef {{data: Uint8ClampedArray | Uint8Array, width: number, height: number}} Picture RGBA, as ImageData has it
 */

/** A trained network that reads faces. */
export class FaceReader {
  #exports;
  #isBroken = false;

  /** @type {string[]} names of the classes, in the order of probabilities */
  classes = [];

  /**
   * @param {BufferSource | Response | Promise<Response>} wasm the file howfar.wasm
   * @param {ArrayBuffer | Uint8Array} [model] a weight file; howfar's own network, trained on drawn faces alone, if none
   * @returns {Promise<FaceReader>}
   * @throws {Error} if either is damaged; its message says what was found and what to do
   */
  static async load(wasm, model) {
    const given = await wasm;
    const bytes = typeof given.arrayBuffer === "function" ? await given.arrayBuffer() : given;
    const { instance } = await WebAssembly.instantiate(bytes, {});
    const reader = new FaceReader();
    reader.#exports = instance.exports;
    reader.classes = reader.#answer((exports) => {
      if (!model) {
        return exports.howfar_load_embedded();
      }
      reader.#give(new Uint8Array(model));
      return exports.howfar_load();
    });
    return reader;
  }

  /**
   * Every face of a picture, the surest first: what `howfar predict` says of the same pixels.
   *
   * @param {Picture} picture
   * @returns {{faces: SeenFace[], classes: string[]}}
   */
  read(picture) {
    return this.#look("howfar_read", picture);
  }

  /**
   * The same for the next picture of a camera, in a fraction of the time: faces are looked for around their last
   * places, over the whole picture only where one was lost or there was none, and every 20th time.
   *
   * @param {Picture} picture
   * @returns {{faces: SeenFace[], classes: string[]}}
   */
  follow(picture) {
    return this.#look("howfar_follow", picture);
  }

  /** Forgets where faces were, before the pictures of another camera. */
  forget() {
    this.#exports.howfar_forget();
  }

  #look(name, { data, width, height }) {
    const faces = this.#answer((exports) => {
      this.#give(data);
      return exports[name](width, height);
    });
    return { faces, classes: this.classes };
  }

  /** Copies bytes into the module. */
  #give(bytes) {
    const { howfar_reserve, memory } = this.#exports;
    const place = howfar_reserve(bytes.length);
    if (place === 0) {
      throw new Error(`there is no memory for ${bytes.length} bytes`);
    }
    new Uint8Array(memory.buffer, place, bytes.length).set(bytes);
  }

  /** What a call answers, or an Error with its message. */
  #answer(call) {
    if (this.#isBroken) {
      throw new Error("howfar.wasm has ended after an error; load it anew");
    }
    let isOk = 0;
    try {
      isOk = call(this.#exports);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) {
        throw error;
      }
      this.#isBroken = true;
    }
    const { howfar_answer, howfar_answer_length, memory } = this.#exports;
    const bytes = new Uint8Array(memory.buffer, howfar_answer(), howfar_answer_length());
    const answer = JSON.parse(new TextDecoder().decode(bytes));
    if (isOk) {
      return answer;
    }
    const said = [answer.found && `found ${answer.found}`, answer.expected && `expected ${answer.expected}`, answer.hint];
    throw new Error([`${answer.place}: ${answer.what}`, ...said.filter(Boolean)].join("; "));
  }
}
