"""Exported networks say in other programs what they say in howfar, within 1e-5 of every probability."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import howfar
import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "export"
# Gray and colour, every scaling, every kind of layer, the mirror image.
MODELS = {
    "compact": ["--network", "compact"],
    "table 1": ["--recipe", "paper", "--network", "table1-same"],
    "table 1 without padding": ["--recipe", "paper", "--network", "table1-valid"],
    "compact in colour": ["--network", "compact"],
    "medium, mirrored": ["--recipe", "robust", "--network", "medium"],
    "vgg16": ["--network", "vgg16"],
}


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export")
    for colour in ("gray", "rgb"):
        words = ["draw", "--people", "2", "--style", "wild", "--seed", "3", "--colour", colour, "--out", colour]
        command(place, *words)
        command(place, "faces", "export", colour, "--out", f"{colour}-pictures")
    return place


def command(place: Path, *words: str) -> str:
    done = subprocess.run([howfar.program(), *words, "--quiet"], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(faces: Path, name: str, form: str) -> tuple[Path, list[str], np.ndarray[Any, Any]]:
    """The file, pictures, and what howfar says of them."""
    colour = "rgb" if "colour" in name else "gray"
    model, out = f"{name}.safetensors", faces / f"{name}-exported.{form}"
    if not (faces / model).exists():
        command(faces, "train", colour, "--out", model, "--epochs", "1", *MODELS[name])
    command(faces, "export", model, "--as", form, "--out", str(out))
    pictures = sorted(str(path) for path in (faces / f"{colour}-pictures").rglob("*.png"))
    rows = json.loads(command(faces, "predict", model, *pictures, "--detect", "none", "--json"))
    return out, pictures, np.array([list(row["probabilities"].values()) for row in rows])


@pytest.mark.parametrize("name", MODELS)
def test_onnxruntime_says_the_same(faces: Path, name: str) -> None:
    out, pictures, ours = exported(faces, name, "onnx")
    onnx.checker.check_model(onnx.load(out), full_check=True)
    batch = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in pictures])
    session = onnxruntime.InferenceSession(out)
    (together,) = session.run(None, {"pictures": batch})
    assert together.shape == ours.shape
    assert np.abs(together - ours).max() < 1e-5
    # A picture of another size is resized; a flat one has no deviation.
    (other,) = session.run(None, {"pictures": np.repeat(batch[:1], 2, 1).repeat(2, 2)})
    (flat,) = session.run(None, {"pictures": np.full((1, 64, 64, 3), 7, np.uint8)})
    assert np.abs(other - ours[:1]).max() < 0.2 and np.isfinite(flat).all()
    about = session.get_modelmeta().custom_metadata_map
    assert len(json.loads(about["classes"])) == ours.shape[1] and about["side"] == "64"


def test_the_python_of_the_documents_runs(faces: Path) -> None:
    out, pictures, ours = exported(faces, "compact", "onnx")
    words = [sys.executable, str(EXAMPLES / "use.py"), str(out), *pictures]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line)["probabilities"] for line in said.splitlines()]
    assert list(rows[0]) == ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
    assert np.abs(np.array([list(row.values()) for row in rows]) - ours).max() < 1e-5


@pytest.mark.parametrize("name", MODELS)
def test_the_javascript_of_the_documents_says_the_same(faces: Path, name: str) -> None:
    modules = os.environ.get("HOWFAR_NODE_MODULES")
    if modules is None:
        pytest.skip("onnxruntime-web is not installed: .ci/python says where (HOWFAR_NODE_MODULES)")
    out, pictures, ours = exported(faces, name, "onnx")
    raw = []
    for i, path in enumerate(pictures):
        picture = Image.open(path).convert("RGBA")
        raw.append(faces / f"{i}.rgba")
        raw[-1].write_bytes(bytes([picture.width]) + picture.tobytes())
    # Packages are looked for beside the script.
    shutil.copy(EXAMPLES / "use.mjs", Path(modules).parent)
    words = ["node", str(Path(modules).parent / "use.mjs"), str(out), *map(str, raw)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line)["probabilities"] for line in said.splitlines()]
    assert np.abs(np.array(rows) - ours).max() < 1e-5


def test_pytorch_says_the_same(faces: Path) -> None:
    pytest.importorskip("torch")
    for name in ("compact", "vgg16"):
        out, pictures, ours = exported(faces, name, "torch")
        words = [sys.executable, str(EXAMPLES / "torch_model.py"), str(out), *pictures]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        rows = [json.loads(line)["probabilities"] for line in said.splitlines()]
        assert np.abs(np.array(rows) - ours).max() < 1e-5


def test_the_network_that_howfar_carries_needs_no_file(faces: Path) -> None:
    for form in ("onnx", "safetensors"):
        command(faces, "export", "--as", form)
    file = (faces / "expression.safetensors").read_bytes()
    header = json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])
    # It is carried in 16 bits.
    kinds = {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
    assert kinds == {"F32"} and header["block1.convolution.weight"]["shape"] == [12, 1, 3, 3]
    session = onnxruntime.InferenceSession(faces / "expression.onnx")
    (rows,) = session.run(None, {"pictures": np.full((3, 48, 80, 3), 7, np.uint8)})
    assert rows.shape == (3, 7) and np.abs(rows.sum(1) - 1).max() < 1e-6
