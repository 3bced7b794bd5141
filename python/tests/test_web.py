"""The WebAssembly module reads in photographs what `howfar predict` reads in them.

In: drawn faces on plain and noisy ground, at several sizes. Probabilities agree within 1e-4, boxes and eyes within 0.05
pixels: a processor's vector instructions round otherwise than WebAssembly's.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import howfar
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "crates" / "howfar-web"
FRAMES = 40
# Width and height; left, top and side of each face.
PHOTOGRAPHS: list[tuple[tuple[int, int], list[tuple[int, int, int]]]] = [
    ((640, 480), [(200, 90, 256)]),
    ((640, 480), [(30, 100, 180), (370, 160, 220)]),
    ((900, 700), [(420, 200, 300)]),
    ((320, 240), [(90, 40, 140)]),
    ((640, 480), []),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("node") is None:
        pytest.skip("no node here")
    place = tmp_path_factory.mktemp("web")
    words = ["draw", "--people", "2", "--style", "studio", "--seed", "5", "--size", "256", "--colour", "rgb"]
    command(place, *words, "--out", "faces")
    command(place, "faces", "export", "faces", "--out", "pictures")
    shutil.copy(WEB / "data" / "howfar.wasm", place)
    # By this name node knows it for a module.
    shutil.copy(WEB / "src" / "reader.js", place / "reader.mjs")
    return place


def command(place: Path, *words: str) -> str:
    done = subprocess.run([howfar.program(), *words, "--quiet"], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def photographs(place: Path) -> list[Path]:
    """Writes each as PNG and as bytes of RGBA."""
    faces = [Image.open(path).convert("RGBA") for path in sorted((place / "pictures").rglob("*.png"))]
    noise = np.random.default_rng(3)
    paths = []
    for i, ((width, height), places) in enumerate(PHOTOGRAPHS):
        level = noise.integers(90, 130, (height, width, 1)) if i % 2 else np.full((height, width, 1), 110)
        opaque = np.full((height, width, 1), 255)
        photo = Image.fromarray(np.concatenate([level, level, level, opaque], 2).astype(np.uint8), "RGBA")
        for k, (left, top, side) in enumerate(places):
            photo.paste(faces[(2 * i + k) % len(faces)].resize((side, side)), (left, top))
        paths.append(place / f"photo-{i}.png")
        photo.convert("RGB").save(paths[-1])
        paths[-1].with_suffix(".rgba").write_bytes(photo.tobytes())
    return paths


def read(place: Path, paths: list[Path], model: str | None) -> dict[str, Any]:
    pictures = [
        {"file": str(path.with_suffix(".rgba")), "width": size[0], "height": size[1]}
        for path, (size, _) in zip(paths, PHOTOGRAPHS, strict=True)
    ]
    job = {"model": model and str(place / model), "pictures": pictures, "frames": FRAMES}
    (place / "job.json").write_text(json.dumps(job))
    words = ["node", str(Path(__file__).with_name("read_faces.mjs")), str(place), str(place / "job.json")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("network", [None, "trained here, in colour"])
def test_the_module_reads_what_predict_reads(place: Path, network: str | None) -> None:
    paths = photographs(place)
    model = None
    if network is not None:
        model = "colour.safetensors"
        command(place, "prepare", "folder:pictures", "--out", "set", "--colour", "rgb")
        command(place, "train", "set", "--out", model, "--epochs", "1", "--network", "compact")
    read_by_wasm = read(place, paths, model)
    words = ["predict", *([model] if model else []), *(str(path) for path in paths), "--json"]
    rows = json.loads(command(place, *words))
    n_faces = 0
    for path, still, camera in zip(paths, read_by_wasm["stills"], read_by_wasm["frames"], strict=True):
        expected = [row for row in rows if row["image"] == str(path) and "face_box" in row]
        assert len(still["faces"]) == len(expected), path
        assert len(camera["faces"]) == len(expected), path
        for face, row in zip(still["faces"], expected, strict=True):
            assert list(row["probabilities"]) == sorted(read_by_wasm["classes"])
            ours = [row["probabilities"][name] for name in read_by_wasm["classes"]]
            assert np.abs(np.array(face["probabilities"]) - ours).max() < 1e-4
            assert np.abs(np.array(face["box"]) - row["face_box"]).max() < 0.05
            assert (face["eyes"] is None) == ("eyes" not in row)
            assert face["eyes"] is None or np.abs(np.array(face["eyes"]) - row["eyes"]).max() < 0.05
            n_faces += 1
    assert n_faces >= 4
    for (size, places), still, camera in zip(PHOTOGRAPHS, read_by_wasm["stills"], read_by_wasm["frames"], strict=True):
        frame = sum(camera["ms"]) / FRAMES
        print(
            f"{size[0]}×{size[1]}, {len(places)} faces: {still['ms']:.0f} ms a photograph, {frame:.0f} ms a frame,",
            end=" ",
        )
        print(f"{1000 / frame:.1f} frames a second of one core")


def test_bad_input_is_an_error_and_the_reader_goes_on(place: Path) -> None:
    command(place, "train", "faces", "--out", "gray.safetensors", "--epochs", "1", "--network", "compact")
    answer = read(place, photographs(place), "gray.safetensors")
    expected = {
        "no pixels": "no size of a picture",
        "too few bytes": "found 12 bytes",
        "too many pixels": "no size of a picture",
        "no weights": "the model",
        "half of the weights": "the model",
        "half of the module": "WebAssembly",
    }
    assert list(answer["bad"]) == list(expected)
    for what, words in expected.items():
        assert words in answer["bad"][what], what
    assert answer["again"]["faces"] == answer["stills"][0]["faces"]
