"""Jobs are read whatever kind of tables they have, answers are what docs/trainers.md asks for."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import howfar
import jsonschema
import numpy as np
import pytest
from jobs import SCHEMA, accuracy, make_job

KINDS = ["parquet", "png"]


@pytest.mark.parametrize("faces", KINDS)
def test_jobs_made_by_hand_are_what_the_schema_says(tmp_path: Path, faces: str) -> None:
    jsonschema.validate(json.loads(make_job(tmp_path, faces=faces).read_text()), json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("faces", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_table_is_read(tmp_path: Path, faces: str, channels: int) -> None:
    job = howfar.trainer.job(make_job(tmp_path, faces=faces, channels=channels, n_training=20, n_changed=4))
    training = list(job.training())
    assert [face.row for face in training] == list(range(24))
    assert [face.changed for face in training] == [False] * 20 + [True] * 4
    assert {face.role for face in training} == {"labelled", "generated"}
    assert training[0].array().shape == (16, 16, channels)
    assert training[0].picture().mode == ("L" if channels == 1 else "RGB")
    assert len(list(job.validation())) == 6 and len(list(job.to_predict())) == 6
    pictures, labels, weights = job.arrays("training")
    assert pictures.shape == (24, 16, 16, channels)
    assert (pictures[3] == training[3].array()).all()
    assert labels.tolist() == [face.label for face in training]
    assert np.allclose(weights, [face.weight for face in training])
    epochs = list(job.epochs_order())
    assert len(epochs) == 2 and epochs[0].tolist() == list(range(24)) and sorted(epochs[1]) == list(range(24))


def test_both_kinds_say_the_same(tmp_path: Path) -> None:
    first, second = (howfar.trainer.job(make_job(tmp_path / faces, faces=faces)) for faces in KINDS)
    for table in ("training", "validation", "predict"):
        assert all((a == b).all() for a, b in zip(first.arrays(table), second.arrays(table), strict=True))
    for a, b in zip(first.epochs_order(), second.epochs_order(), strict=True):
        assert (a == b).all()


@pytest.mark.parametrize("faces", KINDS)
@pytest.mark.parametrize("logits", [False, True])
def test_an_answer_is_written_whole(tmp_path: Path, faces: str, logits: bool) -> None:
    file = make_job(tmp_path, faces=faces)
    job = howfar.trainer.job(file)
    right = np.eye(3)[json.loads((tmp_path / "truth.json").read_text())]
    job.write(right * 7 - 2 if logits else right * 0.7 + 0.1, logits=logits)
    assert accuracy(file) == 1.0
    assert len(list(job.answer.iterdir())) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full((5, 3), 1 / 3), "6 faces × 3 classes"),
        (np.full((6, 3), np.nan), "face 0 are not finite"),
        (np.full((6, 3), [1.5, -0.5, 0]), "from 0 to 1"),
        (np.full((6, 3), 0.5), "sum to 1.5"),
    ],
)
def test_what_howfar_would_refuse_is_not_written(job: howfar.trainer.Job, values: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        job.write(values)
    assert not list(job.answer.iterdir())


def test_a_job_is_found_in_its_three_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_job(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py", "--fast"])
    with pytest.raises(ValueError, match="no job"):
        howfar.trainer.job()
    monkeypatch.setenv("HOWFAR_JOB", str(file))
    assert howfar.trainer.job().side == 16
    monkeypatch.setattr(sys, "argv", ["train.py", str(make_job(tmp_path / "other", side=24))])
    assert howfar.trainer.job().side == 24
    assert howfar.trainer.job(file).side == 16


@pytest.mark.parametrize("wrong", [{"version": 2}, {"format": "howfar plan"}])
def test_other_formats_and_versions_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    file = make_job(tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()) | wrong))
    with pytest.raises(ValueError, match=r"job\.json: "):
        howfar.trainer.job(file)


def test_sigterm_is_heard_by_those_who_ask(tmp_path: Path) -> None:
    script = """
import os, signal, howfar
job = howfar.trainer.job()
assert not job.stop_requested
os.kill(os.getpid(), signal.SIGTERM)
assert job.stop_requested
"""
    environment = {**os.environ, "HOWFAR_JOB": str(make_job(tmp_path))}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    deaf = script.replace("assert not job.stop_requested", "")
    ended = subprocess.run([sys.executable, "-c", deaf], env=environment, check=False)
    assert ended.returncode == -signal.SIGTERM


def test_epochs_that_are_trained_again_replace_their_lines(job: howfar.trainer.Job) -> None:
    for epoch in (1, 2, 3, 2):
        job.epoch(epoch, training_loss=epoch, validation_loss=1, validation_accuracy=0.5)
    lines = [json.loads(line) for line in (job.answer / "epochs.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]


def test_altered_copies_are_others_of_the_same_size(job: howfar.trainer.Job) -> None:
    pictures = job.arrays("training").pictures
    altered = howfar.trainer.alter(pictures, 3)
    assert altered.shape == pictures.shape
    assert (altered == howfar.trainer.alter(pictures, 3)).all()
    assert sum((a != b).any() for a, b in zip(altered, pictures, strict=True)) > len(pictures) / 2
