"""Reads what a study found. In: a study's folder. Out: typed values, and frames of pandas. Computes nothing."""

from __future__ import annotations

import dataclasses
import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._needs import need

if TYPE_CHECKING:
    import pandas as pd

# Versions of `howfar results` that are read.
OLDEST, NEWEST = 2, 4

# What else of a treatment a row may say beside its arm and k.
_REFINEMENTS = ("source", "people_percent", "budget", "weight", "left_out")


@dataclasses.dataclass(frozen=True)
class Caveat:
    """What a reader should know before believing a number."""

    code: str
    text: str
    advice: str


@dataclasses.dataclass(frozen=True)
class Difference:
    """A paired difference with its doubt, in the measure that the study claims."""

    kind: str
    """`claim` (over the fair baseline), `own-steps` (over labelled faces alone for their own steps), `control`."""
    part: str
    """`test` people, or an `unseen` database."""
    set: str
    arm: str
    k: float
    baseline_arm: str
    baseline_k: float
    baseline_percent: float
    percent: float
    difference_points: float
    low_points: float | None
    """Ends of the 95 % interval; none with one person or one seed."""
    high_points: float | None
    verdict: str
    """`helps`, `hurts`, `equivalent` (too small to matter) or `open`."""
    p: float
    p_holm: float
    n_people: int
    n_faces: int
    n_seeds: int

    def __str__(self) -> str:
        ends = "no interval" if self.low_points is None else f"{self.low_points:+.1f} to {self.high_points:+.1f}"
        where = self.set if self.part == "unseen" else f"{self.part} people of {self.set}"
        return (
            f"{where}: {self.arm} at k = {self.k:g} {self.difference_points:+.1f} points over {self.baseline_arm} "
            f"({ends}): {self.verdict}"
        )


@dataclasses.dataclass(frozen=True)
class Track:
    """What one recipe and network, or program, found with one generated set."""

    name: str
    answer: str
    verdict: str
    chosen_k: float | None
    """None where there are no generated faces; 0 where none help."""
    differences: tuple[Difference, ...]
    data: dict[str, Any] = dataclasses.field(repr=False)
    """Its entry in `results.json` as it is."""


@dataclasses.dataclass(frozen=True, repr=False)
class Results:
    """What a study found.

    >>> study.chosen_k in (0, 1)
    True
    >>> study.measure, study.k
    ('accuracy', (0.0, 1.0))
    >>> "one-generator" in [caveat.code for caveat in study.caveats]
    True
    """

    folder: Path | None
    """The study's folder; None where it was not kept."""
    name: str
    answer: str
    """One sentence, with its doubt."""
    measure: str
    """`accuracy` or `macro-recall`: what choice and differences are about."""
    classes: tuple[str, ...]
    k: tuple[float, ...]
    tracks: tuple[Track, ...]
    caveats: tuple[Caveat, ...]
    data: dict[str, Any] = dataclasses.field(repr=False)
    """`results.json` as it is (docs/formats.md)."""

    @property
    def chosen_k(self) -> float | None:
        """The k that was chosen, of the first track."""
        return self.tracks[0].chosen_k

    @property
    def verdict(self) -> str:
        """`helps`, `hurts`, `equivalent` or `open`: the first track's first difference."""
        return self.tracks[0].verdict

    @property
    def report(self) -> Path:
        """The report, an HTML page."""
        return self._folder() / "report.html"

    def curve(self) -> pd.DataFrame:
        """What stands at each k, on every part: a row for each with its 95 % interval.

        At k = 0 this is labelled faces alone for the budget that serves them best, which `arm`, `arm_k` name.

        >>> curve = study.curve()
        >>> curve[curve.part == "unseen"][["k", "arm", "set"]].values.tolist()[1]
        [1.0, 'mix', 'unseen']
        """
        rows = []
        for track in self.tracks:
            places = _places(track.data)
            for row in track.data["table"]:
                k = places.get(_treatment(row))
                if k is not None:
                    rows.append({"track": track.name, "k": k, **_measured(row), "chosen": k == track.chosen_k})
        frame = _frame(rows)
        return frame.sort_values(["track", "part", "set", "k"], kind="stable", ignore_index=True)

    def table(self) -> pd.DataFrame:
        """Every treatment (arm, k …) on every part, with every measure: the rows of `table.csv`."""
        rows = []
        for track in self.tracks:
            for row in track.data["table"]:
                measures = {name: value for name, value in row.items() if _is_measure(name)}
                rest = {name: row.get(name) for name in _REFINEMENTS if row.get(name) is not None}
                rows.append({"track": track.name, **_measured(row), **rest, **measures})
        return _frame(rows)

    def differences(self) -> pd.DataFrame:
        """Differences over the fair baseline, over labelled faces' own steps and over each control, with intervals.

        >>> list(study.differences().kind.unique())
        ['claim', 'own-steps', 'control']
        """
        rows = [{"track": track.name, **_fields(each)} for track in self.tracks for each in track.differences]
        return _frame(rows)

    def predictions(self, *parts: str) -> pd.DataFrame:
        """Every prediction of every finished cell, or those of some `parts` (`test`, `unseen` …).

        Columns: `arm`, `k`, `seed`, `split`, `part`, `set`, `face` (its row in that set), `person`, `true`,
        `predicted`, `p_CLASS` for every class; where cells differ in more, `model`, `people_percent` and the like.

        >>> frame = study.predictions("test")
        >>> frame.columns[:9].tolist()
        ['arm', 'k', 'seed', 'split', 'part', 'set', 'face', 'person', 'true']
        >>> bool(abs(frame.filter(like="p_").sum(axis=1) - 1).max() < 1e-3)
        True
        """
        pandas = need("pandas", "predictions()")
        names = {each["content_sha256"][:16]: each["name"] for each in self.data["study"]["sets"]}
        frames = []
        for cell, file in _prediction_files(self._folder()):
            frame = _read_predictions(file, cell, names, self.classes, parts)
            if len(frame):
                frames.append(frame)
        if not frames:
            raise ValueError(f"{self._folder()}: no cell has predictions of {' or '.join(parts) or 'any part'}")
        whole = pandas.concat(frames, ignore_index=True)
        for name in ("model", *_REFINEMENTS):
            # What is the same everywhere tells nothing.
            if name in whole and whole[name].nunique(dropna=False) == 1:
                del whole[name]
        for name in ("model", "arm", "part", "set", "person"):
            if name in whole:
                whole[name] = whole[name].astype("category")
        result: pd.DataFrame = whole
        return result

    def without_folder(self) -> Results:
        """The same where the folder goes away."""
        return dataclasses.replace(self, folder=None)

    def _folder(self) -> Path:
        if self.folder is None:
            raise ValueError("these results have no folder: name one with out=")
        return self.folder

    def __str__(self) -> str:
        return self.answer

    def __repr__(self) -> str:
        return f"<Results of {self.name}: {self.answer}>"

    def _repr_html_(self) -> str:
        caveats = [html.escape(f"{each.code}: {each.text}", quote=False) for each in self.caveats]
        items = "".join(f"<li>{each}</li>" for each in caveats)
        return f"<p><b>{html.escape(self.answer, quote=False)}</b></p><p>Caveats:</p><ul>{items}</ul>"


def results(folder: str | Path) -> Results:
    """What `howfar run` found and left in a study's folder.

    >>> howfar.results("no-such-folder")
    Traceback (most recent call last):
    FileNotFoundError: no-such-folder/results.json: there is no such file; `howfar run` writes it
    """
    file = Path(folder) / "results.json"
    try:
        data = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{file}: there is no such file; `howfar run` writes it") from None
    check_format(file, data, "howfar results", OLDEST, NEWEST)
    study = data["study"]
    return Results(
        folder=Path(folder).absolute(),
        name=study["name"],
        answer=data["answer"],
        measure=study.get("measure", "accuracy"),
        classes=tuple(study["classes"]),
        k=tuple(study["k"]),
        tracks=tuple(map(_track, data["recipes"])),
        caveats=tuple(Caveat(each["code"], each["text"], each["advice"]) for each in data["caveats"]),
        data=data,
    )


def check_format(file: Path, data: Any, name: str, oldest: int, newest: int) -> None:
    """Refuses a file of another format or version.

    >>> check_format(Path("job.json"), {"format": "howfar job", "version": 2}, "howfar job", 1, 1)
    Traceback (most recent call last):
    ValueError: job.json: version 2 of `howfar job`, written by another howfar; version 1 is read
    """
    if not isinstance(data, dict) or data.get("format") != name:
        raise ValueError(f"{file}: this is no `{name}`")
    if not oldest <= data["version"] <= newest:
        read = f"version {newest} is" if oldest == newest else f"versions {oldest} to {newest} are"
        raise ValueError(f"{file}: version {data['version']} of `{name}`, written by another howfar; {read} read")


def _track(data: dict[str, Any]) -> Track:
    kinds = (("claim", "claims"), ("own-steps", "over_own_steps"), ("control", "controls"))
    return Track(
        name=_track_name(data),
        answer=data["answer"],
        verdict=data["verdict"],
        chosen_k=data["choice"]["chosen"] if data.get("choice") else None,
        differences=tuple(_difference(kind, each) for kind, key in kinds for each in data.get(key, ())),
        data=data,
    )


def _track_name(data: dict[str, Any]) -> str:
    """What the columns `recipe`, `network` and `source` of `table.csv` say of a track, or of a cell.

    >>> _track_name({"recipe": "modern", "settings": {"network": "vgg16", "start": {"name": "v"}}, "source": "wild"})
    'modern, vgg16 from v, wild'
    >>> _track_name({"recipe": "modern", "settings": {"network": {"program": "my trainer"}}})
    'program, my trainer'
    >>> _track_name({"recipe": None, "settings": None, "model": "my model"})
    'my model'
    """
    recipe, settings = data.get("recipe"), data.get("settings") or {}
    network = settings.get("network")
    if isinstance(network, dict):
        recipe, network = "program", network["program"]
    if settings.get("start"):
        network = f"{network} from {settings['start']['name']}"
    return ", ".join(word for word in (recipe, data.get("model"), network, data.get("source")) if word is not None)


def _difference(kind: str, data: dict[str, Any]) -> Difference:
    low, high = data["interval_points"] or (None, None)
    same = ("part", "set", "arm", "k", "baseline_arm", "baseline_k", "difference_points", "verdict", "p", "p_holm")
    counts = ("n_people", "n_faces", "n_seeds")
    return Difference(
        kind=kind,
        baseline_percent=data["baseline_accuracy_percent"],
        percent=data["accuracy_percent"],
        low_points=low,
        high_points=high,
        **{name: data[name] for name in (*same, *counts)},
    )


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _treatment(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["arm"], row["k"], *(row.get(name) for name in _REFINEMENTS))


def _places(track: dict[str, Any]) -> dict[tuple[Any, ...], float]:
    """The k of the curve at which a treatment stands, as the choice took it."""
    choice = track.get("choice")
    taken = [
        (way, each["k"])
        for each in (choice or {}).get("candidates", ())
        for way in each.get("ways", ())
        if way["is_taken"]
    ]
    if taken:
        return {_treatment(way): k for way, k in taken}
    # Without a ladder of budgets: labelled faces alone, and the mix.
    plain = [row for row in track["table"] if row["arm"] == ("mix" if row["k"] else "real")]
    plain = [row for row in plain if all(row.get(name) is None for name in _REFINEMENTS[1:])]
    return {_treatment(row): row["k"] for row in plain}


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    low, high = row["accuracy_interval_percent"] or (None, None)
    claimed = row.get("claimed_percent")
    return {
        "part": row["part"],
        "set": row["set"],
        "arm": row["arm"],
        "arm_k": row["k"],
        "estimate_percent": row["accuracy_percent"] if claimed is None else claimed,
        "low_percent": low,
        "high_percent": high,
        "n_faces": row["n_faces"],
        "n_cells": row["n_cells"],
        "n_training_pictures": row["n_training_pictures"],
    }


def _is_measure(name: str) -> bool:
    return name.endswith("_percent") and name not in ("claimed_percent", "people_percent", "accuracy_interval_percent")


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame: pd.DataFrame = need("pandas", "frames").DataFrame(rows)
    return frame


def _prediction_files(folder: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """Of every finished cell: what it is, and each file of its predictions."""
    for cell_folder in sorted((folder / "runs").iterdir()):
        if (cell_folder / "finished.json").is_file():
            cell = json.loads((cell_folder / "run.json").read_text("utf-8"))["cell"]
            for file in sorted(cell_folder.glob("*.parquet")):
                yield cell, file


def _read_predictions(
    file: Path, cell: dict[str, Any], names: dict[str, str], classes: tuple[str, ...], parts: Iterable[str]
) -> pd.DataFrame:
    numpy, pandas = need("numpy", "predictions()"), need("pandas", "predictions()")
    parquet = need("pyarrow.parquet", "predictions()")
    filters = [("part", "in", list(parts))] if parts else None
    # One file alone: folders above it have = in their names where a user likes it, which are no columns.
    table = parquet.read_table(file, filters=filters, partitioning=None)
    probabilities = numpy.asarray(table["probabilities"].combine_chunks().flatten(), dtype=numpy.float32)
    probabilities = probabilities.reshape(len(table), len(classes))

    def class_names(indices: Any) -> Any:
        return pandas.Categorical.from_codes(numpy.asarray(indices, dtype=numpy.int64), categories=list(classes))

    columns = {
        "arm": cell["arm"],
        "k": float(cell["k"]),
        "seed": cell["seed_idx"],
        "split": cell["split_idx"],
        "part": table["part"].to_pandas(),
        "set": table["set"].to_pandas().map(lambda key: names.get(key, key)),
        "face": table["row"].to_numpy(),
        "person": table["subject"].to_pandas(),
        "true": class_names(table["label"]),
        # argmax takes the first of equals, as the program does.
        "predicted": class_names(probabilities.argmax(axis=1) if len(table) else []),
        **{f"p_{name}": probabilities[:, i] for i, name in enumerate(classes)},
        "model": _track_name(cell | {"source": None}),
        **{name: cell.get(name) for name in _REFINEMENTS},
    }
    frame: pd.DataFrame = pandas.DataFrame(columns)
    return frame
