"""What `howfar faces export` writes is what other programs read: the same pictures with the same labels."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import howfar
import numpy as np
import pytest
from PIL import Image

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
import datasets
import webdataset

CLASSES = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
Rows = list[tuple[np.ndarray[Any, Any], str, str]]


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("layouts")
    howfar.command("draw", "--people", "3", "--size", "48", "--faces-per-shard", "12", "--out", place / "faces")
    os.environ["HF_HOME"] = str(place / "cache")
    return place


def exported(faces: Path, layout: str) -> Path:
    howfar.command("faces", "export", faces / "faces", "--as", layout, "--out", faces / layout)
    return faces / layout


def own(faces: Path) -> Rows:
    """Pictures, expressions and people, read by this package."""
    rows = howfar.FaceSet(faces / "faces")
    found = []
    for i in range(len(rows)):
        picture, label = rows[i]
        found.append((np.asarray(picture.convert("L")), CLASSES[label], rows.people[i]))
    return found


def same(found: Rows, wanted: Rows) -> bool:
    key = lambda row: (row[1], row[2])  # noqa: E731
    pairs = list(zip(sorted(found, key=key), sorted(wanted, key=key), strict=True))
    return all((a == b).all() and left == right for (a, *left), (b, *right) in pairs)


def test_an_image_folder_is_read_by_datasets(faces: Path) -> None:
    folder = exported(faces, "imagefolder")
    read = datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=str(faces / "cache"))["train"]
    rows = [(np.asarray(row["image"].convert("L")), row["expression"], row["person"]) for row in read]
    assert same(rows, own(faces))


def test_tar_files_are_read_by_webdataset(faces: Path) -> None:
    files = sorted(exported(faces, "webdataset").glob("*.tar"))
    rows = []
    for row in webdataset.WebDataset([str(file) for file in files], shardshuffle=False):
        known = json.loads(row["json"])
        assert CLASSES[int(row["cls"])] == known["expression"] and known["provenance"] == "drawn"
        rows.append((np.asarray(Image.open(io.BytesIO(row["png"]))), known["expression"], known["person"]))
    assert len(rows) == 18 and same(rows, own(faces))


def test_parquet_for_a_hub_is_read_by_datasets_and_described_in_croissant(faces: Path) -> None:
    folder = exported(faces, "parquet")
    read = datasets.load_dataset(str(folder), cache_dir=str(faces / "cache"))["train"]
    rows = [(np.asarray(row["image"].convert("L")), CLASSES[row["label"]], row["subject"]) for row in read]
    assert same(rows, own(faces))
    card = (folder / "README.md").read_text()
    assert "\nlicense: other\n" in card and "- image-classification\n" in card
    for words in (["validate"], ["load", "--record_set", "default", "--num_records", "2"]):
        command = [Path(sys.executable).parent / "mlcroissant", *words, "--jsonld", folder / "croissant.json"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=faces)
        said = done.stdout + done.stderr
        assert done.returncode == 0 and "not standard" not in said and "Error" not in said, said
    assert len(json.loads((folder / "croissant.json").read_text())["distribution"]) == 2
