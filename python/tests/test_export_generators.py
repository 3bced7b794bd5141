"""Exported generators draw in other programs what `howfar generator run` draws, within 3e-5 (black is -1, white 1).

HOWFAR_DIFFERENCES=FILE also writes the largest difference of every generator, batch and truncation, a line each.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import howfar
import numpy as np
import onnx
import onnxruntime
import pytest
from test_export import EXAMPLES, command

DATA = Path(__file__).resolve().parents[2] / "crates" / "howfar-generate" / "data"
# A high rate, so that a few steps move every number from where it begins: strengths of noise, biases, the mean style.
SETTINGS = {
    "stargan": """channels = 4\nrepeats = 2\ncritic_channels = 2\nhalvings = 3\nbatch = 2\nsteps = 6\ncritic_steps = 2
rate = 1e-2\nsteady_steps = 3\nmirror = true
[losses]\ngradient_penalty = 10.0\nreconstruction = 10.0\nclassification = 1.0\n""",
    "stylegan2": """z_size = 8\nw_size = 12\nmapping_layers = 2\nchannel_base = 256\nchannel_max = 16\nbatch = 2
group = 2\nsteps = 6\nrate = 5e-2\nmixing = 0.5\nmirror = true\naverage_half_life = 1\naverage_ramp = 0.05
[penalties]\nr1 = 0.3\nr1_every = 2\npath = 2.0\npath_every = 2
[augmentation]\ntarget = 0.6\nfaces = 0\n""",
}
GENERATORS = ["stargan", "stargan in colour", "stylegan2", "stylegan2 in colour", "stylegan2, clamped"]
CARRIED = {"stargan of howfar": DATA / "expression.safetensors", "stylegan2 of howfar": DATA / "identity.safetensors"}
Numbers = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export-generators")
    for kind, settings in SETTINGS.items():
        (place / f"{kind}.toml").write_text(settings)
    for colour in ("gray", "rgb"):
        words = ["draw", "--people", "3", "--style", "wild", "--seed", "3", "--colour", colour, "--out", colour]
        command(place, *words)
    return place


def weights(place: Path, name: str) -> Path:
    """The weight file of a generator, trained for a few steps."""
    if name in CARRIED:
        return CARRIED[name]
    if "clamped" in name:
        return clamped(weights(place, "stylegan2"), place / "clamped.safetensors")
    kind, colour = name.split()[0], "rgb" if "colour" in name else "gray"
    run = f"{kind}-{colour}"
    if not (place / run).exists():
        words = ["generator", "train", kind, colour, "--settings", f"{kind}.toml", "--seed", "2", "--out", run]
        command(place, *words)
    return place / run / "generator.safetensors"


def clamped(file: Path, to: Path) -> Path:
    """The same with a bound on activations, as imported weights may have: one that many of them pass."""
    raw = file.read_bytes()
    size = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:size])
    said = json.loads(header["__metadata__"]["howfar"])
    said["sizes"]["clamp"] = 0.25
    del said["sha256"]
    header["__metadata__"]["howfar"] = json.dumps(said)
    text = json.dumps(header).encode()
    to.write_bytes(len(text).to_bytes(8, "little") + text + raw[size:])
    return to


def write_numbers(path: Path, numbers: Numbers) -> None:
    """Safetensors of 32-bit floats."""
    header, data = {}, b""
    for name, values in numbers.items():
        raw = values.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def pictures_in(path: Path) -> np.ndarray[Any, Any]:
    raw = path.read_bytes()
    size = 8 + int.from_bytes(raw[:8], "little")
    tensor = json.loads(raw[8:size])["pictures"]
    begin, end = tensor["data_offsets"]
    return np.frombuffer(raw[size + begin : size + end], "<f4").reshape(tensor["shape"])


def exported(place: Path, name: str, form: str = "onnx") -> Path:
    out = place / f"{name}.{form}"
    if not out.exists():
        command(place, "export", str(weights(place, name)), "--as", form, "--out", str(out))
    return out


def inputs_of(session: onnxruntime.InferenceSession, n: int) -> Numbers:
    """Any numbers of the sizes that the graph asks for; the truncation comes later."""
    rng = np.random.default_rng(7)
    numbers = {}
    for what in session.get_inputs():
        shape = [n if side == "n" else side for side in what.shape]
        if what.name == "faces":
            numbers[what.name] = rng.uniform(-1, 1, shape).astype(np.float32)
        elif what.name == "labels":
            numbers[what.name] = np.eye(shape[1], dtype=np.float32)[rng.integers(0, shape[1], n)]
        elif what.name == "z":
            numbers[what.name] = rng.standard_normal(shape).astype(np.float32)
    return numbers


def drawn_by_howfar(place: Path, file: Path, numbers: Numbers, truncation: float) -> np.ndarray[Any, Any]:
    write_numbers(place / "inputs.safetensors", numbers)
    words = ["generator", "run", str(file), "inputs.safetensors", "--truncation", str(truncation)]
    command(place, *words, "--out", "pictures.safetensors")
    return pictures_in(place / "pictures.safetensors")


def cases(place: Path, name: str) -> list[tuple[str, Numbers, np.ndarray[Any, Any]]]:
    """Words, what goes into the graph, and what howfar draws of it."""
    session = onnxruntime.InferenceSession(exported(place, name))
    found = []
    for n in (1, 3):
        for truncation in (1.0, 0.5) if "stylegan2" in name else (1.0,):
            numbers = inputs_of(session, n)
            ours = drawn_by_howfar(place, weights(place, name), numbers, truncation)
            if "stylegan2" in name:
                numbers["truncation"] = np.array(truncation, np.float32)
            found.append((f"{n} at {truncation}", numbers, ours))
    return found


def keep(name: str, runtime: str, words: str, difference: float) -> None:
    if file := os.environ.get("HOWFAR_DIFFERENCES"):
        with Path(file).open("a") as lines:
            lines.write(f"{name}\t{runtime}\t{words}\t{difference:.1e}\n")


@pytest.mark.parametrize("name", [*GENERATORS, *CARRIED])
def test_onnxruntime_draws_the_same(place: Path, name: str) -> None:
    file = exported(place, name)
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file)
    spread = []
    for words, numbers, ours in cases(place, name):
        (theirs,) = session.run(["pictures"], numbers)
        assert theirs.shape == ours.shape
        keep(name, "onnxruntime", words, difference := float(np.abs(theirs - ours).max()))
        assert difference < 3e-5, words
        spread.append(float(ours.std()))
    # Not the same flat picture by both.
    assert min(spread) > 0.01


@pytest.mark.parametrize("name", [*GENERATORS, *CARRIED])
def test_onnxruntime_web_draws_the_same(place: Path, name: str) -> None:
    modules = os.environ.get("HOWFAR_NODE_MODULES")
    if modules is None:
        pytest.skip("onnxruntime-web is not installed: .ci/python says where (HOWFAR_NODE_MODULES)")
    # Packages are looked for beside the script.
    script = shutil.copy(EXAMPLES / "generator.mjs", Path(modules).parent)
    for words, numbers, ours in cases(place, name):
        said = {key: {"dims": values.shape, "data": values.ravel().tolist()} for key, values in numbers.items()}
        (place / "inputs.json").write_text(json.dumps(said))
        line = ["node", str(script), str(exported(place, name)), str(place / "inputs.json")]
        theirs = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
        assert theirs["dims"] == list(ours.shape)
        keep(name, "onnxruntime-web", words, difference := float(np.abs(np.array(theirs["data"]) - ours.ravel()).max()))
        assert difference < 3e-5, words


def test_what_the_weights_say_of_themselves_goes_with_the_graph(place: Path) -> None:
    about = onnxruntime.InferenceSession(exported(place, "stargan")).get_modelmeta().custom_metadata_map
    card = json.loads(about["card"])
    assert about["generator"] == "stargan" and json.loads(about["sizes"])["side"] == 64
    assert "anger" in card["classes"] and len(card["generator"]["trained_on"]) == 3


@pytest.mark.parametrize("name", ["stargan", "stylegan2"])
def test_safetensors_are_weights_of_howfar_in_32_bits(place: Path, name: str) -> None:
    _, numbers, ours = cases(place, name)[0]
    numbers.pop("truncation", None)
    file = exported(place, name, "safetensors")
    assert file.stat().st_size > 1.5 * weights(place, name).stat().st_size
    assert (drawn_by_howfar(place, file, numbers, 1.0) == ours).all()
    # Onto itself it is not written.
    words = [howfar.program(), "export", str(file), "--as", "safetensors"]
    refused = subprocess.run(words, capture_output=True, text=True)
    assert refused.returncode == 2 and "would be overwritten" in refused.stderr


def test_a_state_dict_of_a_stargan_comes_back(place: Path) -> None:
    _, numbers, ours = cases(place, "stargan")[0]
    file = exported(place, "stargan", "torch")
    classes = "anger,disgust,fear,happiness,sadness,surprise"
    command(place, "weights", "import", str(file), "--size", "64", "--classes", classes, "--out", "back.safetensors")
    theirs = drawn_by_howfar(place, place / "back.safetensors", numbers, 1.0)
    assert (theirs == ours).all()
