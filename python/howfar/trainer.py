"""For programs that train in howfar's place (docs/trainers.md). In: the job that howfar gives. Out: its answer.

A whole trainer::

    import howfar

    job = howfar.trainer.job()
    pictures, labels, weights = job.arrays("training")
    model = fit(pictures, labels, weights, seed=job.seed)
    job.write(model.predict_proba(job.arrays("predict").pictures))
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ._needs import need
from ._results import check_format

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

VERSION = 1
# Rows of a table that are in memory at a time while it is gone through.
_ROWS_AT_A_TIME = 256
# How far a sum of probabilities may be from 1.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Settings:
    """Numbers of the study that a program without use for them need not read."""

    epochs: int
    batch: int
    learning_rate: float
    patience: int | None
    pictures_per_epoch: int
    steps: int
    """epochs × ⌈pictures_per_epoch ÷ batch⌉."""


class TrainingFace(NamedTuple):
    """A face to train on."""

    row: int
    png: bytes
    label: int
    weight: float
    """How much it counts in the loss."""
    role: str
    """`labelled`, `generated` or `retrieved`."""
    changed: bool
    """Whether it is a copy that is to be altered, as augmentation does."""
    person: str

    def picture(self) -> Image:
        """As a picture of PIL."""
        return _picture(self.png)

    def array(self) -> npt.NDArray[np.uint8]:
        """As numbers: side × side × channels."""
        return _array(self.png)


class ValidationFace(NamedTuple):
    """A face that may choose the epoch and is not trained on."""

    row: int
    png: bytes
    label: int
    person: str

    def picture(self) -> Image:
        """As a picture of PIL."""
        return _picture(self.png)

    def array(self) -> npt.NDArray[np.uint8]:
        """As numbers: side × side × channels."""
        return _array(self.png)


class FaceToPredict(NamedTuple):
    """A face without a label."""

    row: int
    png: bytes

    def picture(self) -> Image:
        """As a picture of PIL."""
        return _picture(self.png)

    def array(self) -> npt.NDArray[np.uint8]:
        """As numbers: side × side × channels."""
        return _array(self.png)


class Arrays(NamedTuple):
    """A table of faces as arrays. Faces to predict have no labels and no weights."""

    pictures: npt.NDArray[np.uint8]
    """faces × side × side × channels."""
    labels: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Job:
    """What howfar asks of a program: one cell of a study.

    >>> job.classes, job.side, job.channels
    (('calm', 'glad', 'sad'), 16, 1)
    >>> next(job.training()).label
    0
    >>> [len(rows) for rows in job.epochs_order()]
    [24, 24]
    """

    cell: str
    seed: int
    threads: int
    gpus: tuple[str, ...]
    classes: tuple[str, ...]
    side: int
    channels: int
    settings: Settings
    faces: str
    files: dict[str, Path]
    """The tables `training`, `validation`, `predict` and `order`."""
    checkpoint: Path
    """A folder of the program's own, as it left it before a stop."""
    answer: Path

    def training(self) -> Iterator[TrainingFace]:
        """The faces to train on, each once."""
        for row in self._rows("training"):
            yield TrainingFace(
                int(row["row"]), row["png"], int(row["label"]), float(row["weight"]), row["role"],
                str(row["changed"]).lower() in ("true", "1"), row["person"],
            )  # fmt: skip

    def validation(self) -> Iterator[ValidationFace]:
        """The faces that may choose the epoch."""
        for row in self._rows("validation"):
            yield ValidationFace(int(row["row"]), row["png"], int(row["label"]), row["person"])

    def to_predict(self) -> Iterator[FaceToPredict]:
        """The faces that `write` is to be given probabilities of, in this order."""
        for row in self._rows("predict"):
            yield FaceToPredict(int(row["row"]), row["png"])

    def arrays(self, table: str) -> Arrays:
        """A table of faces in memory at once: `training`, `validation` or `predict`. Face i is row i of the table.

        >>> pictures, labels, weights = job.arrays("training")
        >>> pictures.shape, pictures.dtype, labels[:4].tolist(), weights[0].item()
        ((24, 16, 16, 1), dtype('uint8'), [0, 1, 2, 0], 1.0)
        >>> len(job.arrays("predict").labels)
        0
        """
        numpy = need("numpy", "arrays()")
        rows = list(self._rows(table))
        pictures = numpy.empty((len(rows), self.side, self.side, self.channels), dtype=numpy.uint8)
        for i, row in enumerate(rows):
            pictures[i] = _array(row["png"])
        labels = [int(row["label"]) for row in rows if "label" in row]
        weights = [float(row.get("weight", 1)) for row in rows if "label" in row]
        return Arrays(pictures, numpy.array(labels, dtype=numpy.int64), numpy.array(weights, dtype=numpy.float32))

    def changed(self) -> npt.NDArray[np.bool_]:
        """Which of the training faces are copies that are to be altered.

        >>> job.changed().sum().item()
        4
        """
        changed: npt.NDArray[np.bool_] = need("numpy", "changed()").array([face.changed for face in self.training()])
        return changed

    def epochs_order(self) -> Iterator[npt.NDArray[np.int64]]:
        """The rows of the training faces of each epoch, in the order in which howfar's networks would see them."""
        numpy = need("numpy", "epochs_order()")
        if self.faces == "parquet":
            table = need("pyarrow.parquet", "epochs_order()").read_table(self.files["order"], columns=["epoch", "row"])
            epochs, rows = table["epoch"].to_numpy(), table["row"].to_numpy()
        else:
            with self.files["order"].open(encoding="utf-8", newline="") as file:
                names = next(csv.reader(file))
                columns = (names.index("epoch"), names.index("row"))
                epochs, rows = numpy.loadtxt(file, numpy.int64, delimiter=",", usecols=columns, unpack=True, ndmin=2)
        begins = numpy.flatnonzero(numpy.diff(epochs)) + 1
        for of_epoch in numpy.split(rows, begins):
            yield of_epoch.astype(numpy.int64)

    def progress(
        self,
        *,
        step: int | None = None,
        steps: int | None = None,
        epoch: int | None = None,
        epochs: int | None = None,
        loss: float | None = None,
    ) -> None:
        """Moves howfar's progress bar.

        >>> job.progress(step=40, steps=900, loss=1.31)
        {"step": 40, "steps": 900, "loss": 1.31}
        """
        all_of = {"step": step, "steps": steps, "epoch": epoch, "epochs": epochs, "loss": loss}
        print(json.dumps({name: value for name, value in all_of.items() if value is not None}), flush=True)

    def epoch(self, epoch: int, training_loss: float, validation_loss: float, validation_accuracy: float) -> None:
        """Records an epoch, from 1, in the answer's `epochs.jsonl`. What a stopped program recorded is kept.

        >>> job.epoch(1, training_loss=1.5, validation_loss=1.75, validation_accuracy=0.5)
        >>> job.epoch(1, training_loss=1.25, validation_loss=1.5, validation_accuracy=0.5)
        >>> (job.answer / "epochs.jsonl").read_text()
        '{"epoch": 1, "training_loss": 1.25, "validation_loss": 1.5, "validation_accuracy": 0.5}\\n'
        """
        line = {
            "epoch": epoch,
            "training_loss": float(training_loss),
            "validation_loss": float(validation_loss),
            "validation_accuracy": float(validation_accuracy),
        }
        kept = self.checkpoint / "epochs.jsonl"
        before = kept.read_text("utf-8").splitlines() if kept.exists() else []
        lines = [each for each in before if json.loads(each)["epoch"] < epoch] + [json.dumps(line)]
        for file in (kept, self.answer / "epochs.jsonl"):
            with self.replacing(file) as temporary:
                temporary.write_text("".join(f"{each}\n" for each in lines), "utf-8")

    def write(self, probabilities: Any, *, logits: bool = False) -> None:
        """Writes the answer: a row for each face of `to_predict()`, a column for each class.

        `logits`: any finite numbers, of which howfar takes the softmax.

        >>> job.write([[0.5, 0.25, 0.5]] * 6)
        Traceback (most recent call last):
        ValueError: probabilities: those of face 0 sum to 1.25, not to 1
        """
        numpy = need("numpy", "write()")
        values = numpy.asarray(probabilities, dtype=numpy.float64)
        rows = [int(row["row"]) for row in self._rows("predict", pictures=False)]
        _check(values, len(rows), len(self.classes), logits)
        names = [f"{'logit' if logits else 'p'}_{name}" for name in self.classes]
        if self.faces == "parquet":
            arrow, parquet = need("pyarrow", "write()"), need("pyarrow.parquet", "write()")
            columns = {"row": arrow.array(rows, arrow.int64())}
            columns |= {name: arrow.array(values[:, i]) for i, name in enumerate(names)}
            with self.replacing(self.answer / "predictions.parquet") as temporary:
                parquet.write_table(arrow.table(columns), temporary)
        else:
            with self.replacing(self.answer / "predictions.csv") as temporary:
                with temporary.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(["row", *names])
                    writer.writerows(
                        [row, *map(repr, of_row)] for row, of_row in zip(rows, values.tolist(), strict=True)
                    )

    @property
    def stop_requested(self) -> bool:
        """Whether howfar asked the program to stop: then keep a checkpoint and end within 30 seconds.

        Ask once before training begins: the first question is what makes SIGTERM be heard. A program that never asks
        is ended by it at once.
        """
        if signal.getsignal(signal.SIGTERM) is not _note_stop:
            signal.signal(signal.SIGTERM, _note_stop)
        return _is_asked_to_stop

    @contextlib.contextmanager
    def replacing(self, file: Path) -> Iterator[Path]:
        """A name to write to that becomes `file` when it is whole: a kill leaves the old file or the new one.

        >>> with job.replacing(job.checkpoint / "state.txt") as temporary:
        ...     _ = temporary.write_text("whole")
        >>> (job.checkpoint / "state.txt").read_text()
        'whole'
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".partial-{file.name}")
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, file)

    def _rows(self, table: str, *, pictures: bool = True) -> Iterator[dict[str, Any]]:
        """The rows of a table of faces; `png` in place of `image` or `file`."""
        file = self.files[table]
        if self.faces == "parquet":
            with need("pyarrow.parquet", "a job").ParquetFile(file) as parquet:
                columns = None if pictures else ["row"]
                for batch in parquet.iter_batches(_ROWS_AT_A_TIME, columns=columns):
                    for row in batch.to_pylist():
                        if pictures:
                            row["png"] = row.pop("image")["bytes"]
                        yield row
        else:
            with file.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines):
                    if pictures:
                        row["png"] = (file.parent / row["file"]).read_bytes()
                    yield row


def job(path: str | Path | None = None) -> Job:
    """The job of this process: `path`, else the last argument of the program, else what `HOWFAR_JOB` names."""
    last = sys.argv[-1] if len(sys.argv) > 1 and sys.argv[-1].endswith(".json") else None
    named = path or last or os.environ.get("HOWFAR_JOB")
    if not named:
        raise ValueError("no job: howfar gives its path as the last argument and in HOWFAR_JOB")
    file = Path(named)
    data = json.loads(file.read_text("utf-8"))
    check_format(file, data, "howfar job", VERSION, VERSION)
    return Job(
        cell=data["cell"],
        seed=data["seed"],
        threads=data["threads"],
        gpus=tuple(data["gpus"]),
        classes=tuple(data["classes"]),
        side=data["side"],
        channels=data["channels"],
        settings=Settings(**data["settings"]),
        faces=data["faces"],
        files={name: Path(data[name]) for name in ("training", "validation", "predict", "order")},
        checkpoint=Path(data["checkpoint"]),
        answer=Path(data["answer"]),
    )


def alter(pictures: npt.NDArray[np.uint8], seed: int | Sequence[int], share: float = 0.08) -> npt.NDArray[np.uint8]:
    """Copies of pictures, half of them mirrored, all shifted by up to a `share` of the side; borders are repeated.

    >>> alter(job.arrays("training").pictures, seed=1).shape
    (24, 16, 16, 1)
    """
    numpy = need("numpy", "alter()")
    random = numpy.random.default_rng(seed)
    altered = numpy.empty_like(pictures)
    most = round(share * pictures.shape[1])
    side = numpy.arange(pictures.shape[1])
    for i, picture in enumerate(pictures):
        down, right = random.integers(-most, most, size=2, endpoint=True)
        shifted = picture[numpy.clip(side + down, 0, side[-1])][:, numpy.clip(side + right, 0, side[-1])]
        altered[i] = shifted[:, ::-1] if random.random() < 0.5 else shifted
    result: npt.NDArray[np.uint8] = altered
    return result


_is_asked_to_stop = False


def _note_stop(_signal: int, _frame: Any) -> None:
    global _is_asked_to_stop
    _is_asked_to_stop = True


def _picture(png: bytes) -> Image:
    picture: Image = need("PIL.Image", "a job").open(io.BytesIO(png))
    picture.load()
    return picture


def _array(png: bytes) -> npt.NDArray[np.uint8]:
    numpy = need("numpy", "a job")
    pixels: npt.NDArray[np.uint8] = numpy.asarray(_picture(png), dtype=numpy.uint8)
    return pixels.reshape(*pixels.shape[:2], -1)


def _check(values: Any, n_faces: int, n_classes: int, logits: bool) -> None:
    """What howfar would refuse, told where it is made."""
    numpy = need("numpy", "write()")
    if values.shape != (n_faces, n_classes):
        raise ValueError(f"probabilities: {values.shape}, not {n_faces} faces × {n_classes} classes")
    if not numpy.isfinite(values).all():
        raise ValueError(f"probabilities: those of face {numpy.argwhere(~numpy.isfinite(values))[0][0]} are not finite")
    if logits:
        return
    if values.min() < 0 or values.max() > 1:
        raise ValueError("probabilities: they are not all from 0 to 1 (logits=True writes other numbers)")
    sums = values.sum(axis=1)
    wrong = numpy.flatnonzero(abs(sums - 1) > _TOLERANCE)
    if len(wrong):
        raise ValueError(f"probabilities: those of face {wrong[0]} sum to {sums[wrong[0]]:g}, not to 1")
