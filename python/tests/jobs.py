"""Makes jobs by hand, as docs/trainers.md says, and looks at answers as howfar would.

The faces are no faces: a bright square whose place tells the class, and noise. A trainer that works is right of almost
all of them.
"""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "job.schema.json"


def make_job(
    folder: Path,
    *,
    faces: str = "parquet",
    classes: tuple[str, ...] = ("calm", "glad", "sad"),
    side: int = 16,
    channels: int = 1,
    n_training: int = 20,
    n_changed: int = 4,
    n_validation: int = 6,
    n_predict: int = 6,
    epochs: int = 2,
    batch: int = 8,
    learning_rate: float = 1e-3,
    patience: int | None = None,
    seed: int = 7,
) -> Path:
    """Writes a job and its tables, and the true labels of the faces to predict beside them. Gives job.json's path."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    n_all = n_training + n_changed
    labels = [i % len(classes) for i in range(n_all)]
    rest = {
        "label": labels,
        "weight": [1.0 if i % 5 else 0.5 for i in range(1, n_all + 1)],
        "role": ["labelled"] * (n_training // 2) + ["generated"] * (n_all - n_training // 2),
        "changed": [False] * n_training + [True] * n_changed,
        "person": [f"made:{i // len(classes)}" for i in range(n_all)],
    }
    places = {}
    for table, columns in (
        ("training", rest),
        ("validation", {"label": [i % len(classes) for i in range(n_validation)], "person": ["made:v"] * n_validation}),
        ("predict", {"label": random.integers(len(classes), size=n_predict).tolist()}),
    ):
        pictures = [draw(label, len(classes), side, channels, random) for label in columns["label"]]
        if table == "predict":
            (folder / "truth.json").write_text(json.dumps(columns["label"]))
            columns = {}
        shown = [classes[label] for label in columns.get("label", [])]
        places[table] = write_table(folder, table, faces, pictures, columns, shown)
    steps_of_epoch = math.ceil(n_all / batch)
    order = {"epoch": [], "row": []}
    for epoch in range(epochs):
        order["epoch"] += [epoch] * n_all
        order["row"] += list(range(n_all)) if epoch == 0 else random.permutation(n_all).tolist()
    places["order"] = folder / f"order.{ending(faces)}"
    write_columns(places["order"], order)
    for name in ("checkpoint", "answer"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        places[name] = folder / name
    job: dict[str, Any] = {
        "format": "howfar job",
        "version": 1,
        "cell": "modern-mix-k1-split0-seed0-0123456789ab",
        "seed": seed,
        "threads": 1,
        "gpus": [],
        "classes": list(classes),
        "side": side,
        "channels": channels,
        "settings": {
            "epochs": epochs,
            "batch": batch,
            "learning_rate": learning_rate,
            "patience": patience,
            "pictures_per_epoch": n_all,
            "steps": epochs * steps_of_epoch,
        },
        "faces": faces,
        **{name: str(place.absolute()) for name, place in places.items()},
    }
    file = folder / "job.json"
    file.write_text(json.dumps(job))
    return file


def draw(label: int, n_classes: int, side: int, channels: int, random: np.random.Generator) -> bytes:
    """A picture whose bright square stands at its class's place on a circle, as PNG."""
    pixels = random.integers(60, 110, size=(side, side, channels))
    angle = 2 * math.pi * label / n_classes
    middle = side / 2 + side / 3.5 * np.array([math.sin(angle), math.cos(angle)]) + random.normal(0, side / 40, size=2)
    top, left = (middle - side / 8).round().astype(int)
    pixels[top : top + side // 4, left : left + side // 4] += 120
    picture = Image.fromarray(pixels.astype(np.uint8).squeeze())
    file = io.BytesIO()
    picture.save(file, "png")
    return file.getvalue()


def ending(faces: str) -> str:
    return "parquet" if faces == "parquet" else "csv"


def write_table(
    folder: Path, table: str, faces: str, pictures: list[bytes], columns: dict[str, list[Any]], shown: list[str]
) -> Path:
    rows = {"row": list(range(len(pictures)))}
    file = folder / f"{table}.{ending(faces)}"
    if faces == "parquet":
        images = [{"bytes": png, "path": f"{i}.png"} for i, png in enumerate(pictures)]
        write_columns(file, {**rows, "image": images, **columns})
        return file
    names = []
    for i, png in enumerate(pictures):
        name = f"{table}/{shown[i]}/{i}.png" if shown else f"{table}/{i}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png)
        names.append(name)
    write_columns(file, {**rows, "file": names, **columns})
    return file


def write_columns(file: Path, columns: dict[str, list[Any]]) -> None:
    if file.suffix == ".parquet":
        pq.write_table(pa.table(columns), file)
        return
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(columns)
        words = [
            [str(value).lower() if isinstance(value, bool) else value for value in each] for each in columns.values()
        ]
        writer.writerows(zip(*words, strict=True))


def accuracy(job_file: Path) -> float:
    """Reads the answer as howfar would, refuses what it would refuse, and gives the share of faces that are right."""
    job = json.loads(job_file.read_text())
    answer = Path(job["answer"])
    written = [file for file in (answer / "predictions.parquet", answer / "predictions.csv") if file.exists()]
    assert len(written) == 1, written
    if written[0].suffix == ".parquet":
        columns = pq.read_table(written[0]).to_pydict()
    else:
        with written[0].open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        columns = {name: [float(row[name]) for row in rows] for name in rows[0]}
    truth = json.loads((job_file.parent / "truth.json").read_text())
    kind = "p" if f"p_{job['classes'][0]}" in columns else "logit"
    assert set(columns) == {"row", *(f"{kind}_{name}" for name in job["classes"])}
    assert sorted(columns["row"]) == list(range(len(truth)))
    values = np.array([columns[f"{kind}_{name}"] for name in job["classes"]]).T
    assert np.isfinite(values).all()
    if kind == "p":
        assert values.min() >= 0 and values.max() <= 1 and abs(values.sum(axis=1) - 1).max() < 1e-3
    assert len(np.unique(values, axis=0)) > 1, "the same answer for every face"
    order = np.argsort(columns["row"])
    return float((values[order].argmax(axis=1) == truth).mean())
