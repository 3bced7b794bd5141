"""What a study wrote is what the module says of it; the module reads what the program writes."""

import csv
import dataclasses
import html
import json
import re
from pathlib import Path

import howfar
import pandas as pd
import pytest
from howfar import _face_set, _results, _study

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_versions_that_are_read_are_those_that_are_written() -> None:
    for file, declaration, newest in (
        ("howfar-evaluate/src/results.rs", r'\("howfar results", (\d+)\)', _results.NEWEST),
        ("howfar-face/src/face_set.rs", r"\(crate\) const VERSION: u32 = (\d+)", _face_set.NEWEST),
    ):
        written = re.search(declaration, (REPOSITORY / "crates" / file).read_text("utf-8"))
        assert written and int(written[1]) <= newest, file


def compare_with_csv(results: howfar.Results) -> None:
    """`table()` is the table that the program writes."""
    assert results.folder is not None
    with (results.folder / "table.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    table = results.table()
    assert len(table) == len(rows)
    for (_, ours), row in zip(table.iterrows(), rows, strict=True):
        assert ours.track == ", ".join(filter(None, (row["recipe"], row["network"], row["source"])))
        assert (ours.arm, ours.arm_k, ours.part, ours.set) == (row["arm"], float(row["k"]), row["part"], row["set"])
        for measure in ("accuracy", "macro_recall", "macro_f1"):
            assert ours[f"{measure}_percent"] == float(row[f"{measure}_percent"])
        claimed = results.measure.replace("-", "_")
        for end in ("low", "high"):
            theirs = row[f"{claimed}_{end}_percent"]
            assert pd.isna(ours[f"{end}_percent"]) if theirs == "" else ours[f"{end}_percent"] == float(theirs)


GOLDENS = sorted((REPOSITORY / "crates/howfar-report/tests/golden").glob("v*/results.json"))


@pytest.mark.parametrize("file", GOLDENS, ids=lambda file: file.parent.name)
def test_results_of_every_version_are_read(file: Path) -> None:
    results = howfar.results(file.parent)
    compare_with_csv(results)
    assert set(results.curve().k) <= set(results.k)
    assert len(results.differences()) == sum(len(track.differences) for track in results.tracks) > 0


def test_the_curve_and_the_table_are_those_of_the_program(study: howfar.Results) -> None:
    compare_with_csv(study)
    curve = study.curve()
    unseen = curve[curve.part == "unseen"]
    assert unseen.k.tolist() == [0.0, 1.0]
    # The difference of the curve is the one that is claimed: the same faces, people and seeds.
    claim = next(each for each in study.tracks[0].differences if each.kind == "claim" and each.part == "unseen")
    baseline = unseen.iloc[0]
    assert (baseline.arm, baseline.arm_k) == (claim.baseline_arm, claim.baseline_k)
    assert baseline.estimate_percent == pytest.approx(claim.baseline_percent)
    assert (claim.low_points or 0) <= claim.difference_points <= (claim.high_points or 100)
    assert str(claim).startswith("unseen: mix at k = 1")


def test_predictions_give_the_accuracies_of_the_table(study: howfar.Results) -> None:
    frame = study.predictions()
    assert set(frame.part) == {"training", "generated", "validation", "test", "unseen"}
    assert set(frame.set) == {"studio", "wild", "unseen"}
    assert not {"model", "source", "budget"} & set(frame.columns)
    right = (frame["true"].astype(str) == frame["predicted"].astype(str)).groupby([frame.arm, frame.k, frame.part])
    ours = right.mean() * 100
    for _, row in study.table().iterrows():
        assert ours[row.arm, row.arm_k, row.part] == pytest.approx(row.accuracy_percent, abs=1e-3)
    with pytest.raises(ValueError, match="no cell has predictions of choosing"):
        study.predictions("choosing")


def test_a_newer_file_and_another_are_refused(study: howfar.Results, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(study.data | {"version": 99}))
    with pytest.raises(ValueError, match="version 99 .* another howfar; versions 2 to 4 are read"):
        howfar.results(tmp_path)
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(ValueError, match="this is no `howfar results`"):
        howfar.results(tmp_path)


def test_results_of_version_4_may_know_no_recipe(study: howfar.Results, tmp_path: Path) -> None:
    track = study.data["recipes"][0] | {"recipe": None, "settings": None, "model": "mine"}
    (tmp_path / "results.json").write_text(json.dumps(study.data | {"version": 4, "recipes": [track]}))
    assert howfar.results(tmp_path).curve().track.unique().tolist() == ["mine"]


def test_results_are_values(study: howfar.Results) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        study.name = "another"  # type: ignore[misc]
    assert str(study) == study.answer and study.answer in html.unescape(study._repr_html_())
    assert repr(study) == f"<Results of tiny: {study.answer}>"
    assert study.report.is_file()
    with pytest.raises(ValueError, match="no folder"):
        study.without_folder().predictions()


@pytest.fixture
def tables() -> None:
    """For tests of a program that knows tables of predictions."""
    if "--predictions" not in howfar.command("study", "analyse", "--help"):
        pytest.skip("this howfar analyses no tables of predictions")


@pytest.mark.usefixtures("tables")
def test_predictions_of_a_study_analysed_as_a_table_give_its_differences(study: howfar.Results, tmp_path: Path) -> None:
    table = howfar.analyse(study.predictions(), measure="accuracy", smallest_gain=2)
    assert table.folder is None and table.chosen_k == study.chosen_k
    ours, theirs = (each.differences().drop(columns="track") for each in (study, table))
    pd.testing.assert_frame_equal(ours, theirs)
    study.predictions().drop(columns=[f"p_{name}" for name in study.classes]).to_csv(tmp_path / "mine.csv", index=False)
    kept = howfar.analyse(tmp_path / "mine.csv", out=tmp_path / "mine", measure="accuracy")
    assert kept.report.is_file()
    assert kept.differences().difference_points.tolist() == ours.difference_points.tolist()


@pytest.mark.usefixtures("tables")
def test_predictions_are_those_that_the_program_exports(study: howfar.Results, tmp_path: Path) -> None:
    howfar.command("study", "export-predictions", str(study.folder), "--out", tmp_path / "all.parquet")
    theirs = pd.read_parquet(tmp_path / "all.parquet").astype({"face": int})
    ours = study.predictions().drop(columns="predicted").astype({"true": str, "arm": str, "set": str, "person": str})
    keys = ["arm", "k", "seed", "split", "part", "set", "face"]
    ours, theirs = (
        each[list(ours.columns)].astype({"part": str}).sort_values(keys, ignore_index=True) for each in (ours, theirs)
    )
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)


def test_frames_are_written_without_categories(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    frame = pd.DataFrame({"arm": pd.Categorical(["mix", "real"]), "k": [1.0, 0.0], "person": ["a", "b"]})
    schema = pq.read_schema(_study._written(frame, tmp_path))
    assert [str(field.type).removeprefix("large_") for field in schema] == ["string", "double", "string"]
