"""What `--track` writes is read by the trackers' own programs."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import howfar
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData


@pytest.fixture(scope="module")
def study(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that was run beside TensorBoard."""
    folder = tmp_path_factory.mktemp("track")
    text = (place / "study.toml").read_text().replace("tiny", "tracked's").replace("epochs = 2", "epochs = 3")
    text = text.replace("seeds = 2", 'seeds = 2\narms = ["mix"]').replace("[train]", '[train]\nbudget = "epochs"')
    for name in ("real", "generated", "unseen"):
        text = text.replace(f'sets = ["{name}"]', f'sets = ["{place / name}"]')
    (folder / "study.toml").write_text(text)
    howfar.command(
        "run", folder / "study.toml", "--out", folder / "study", "--track", f"tensorboard:{folder}/tensorboard"
    )
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow on this machine, for as long as the tests run."""
    program = os.environ.get("HOWFAR_MLFLOW")
    if program is None:
        pytest.skip("MLflow's server is not installed: HOWFAR_CI_HEAVY=1 .ci/python does it (HOWFAR_MLFLOW)")
    place = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--backend-store-uri", f"sqlite:///{place}/mlflow.db", "--artifacts-destination", str(place / "artifacts")]
    command = [program, "server", "--host", "127.0.0.1", "--port", str(port), *words]
    running = subprocess.Popen([*command, "--workers", "1"], start_new_session=True, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health") as answer:
            if answer.status == 200:
                break
        time.sleep(0.1)
    yield url
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def test_tensorboard_reads_every_cell_and_the_results(study: Path) -> None:
    runs = {path.parent.name for path in (study / "tensorboard").glob("tracked's/*/*tfevents*")}
    cells = {path.name for path in (study / "study/runs").iterdir()}
    assert runs == cells | {"results"} and len(cells) == 4
    for cell in cells:
        read = EventAccumulator(str(study / "tensorboard/tracked's" / cell)).Reload()
        tags = read.Tags()["scalars"]
        assert {"loss/training", "loss/validation", "epoch_accuracy/validation"} <= set(tags)
        assert {"accuracy/test", "accuracy/validation", "accuracy/unseen/unseen"} <= set(tags)
        own = [eval(line) for line in (study / "study/runs" / cell / "epochs.jsonl").read_text().splitlines()]
        losses = read.Scalars("loss/training")
        assert [event.step for event in losses] == [1, 2, 3]
        for event, epoch in zip(losses, own, strict=True):
            assert struct.pack("f", event.value) == struct.pack("f", epoch["training_loss"])
        times = [event.wall_time for event in losses]
        assert times == sorted(times) and times[0] > 1.7e9
        start = HParamsPluginData.FromString(read.SummaryMetadata("_hparams_/session_start_info").plugin_data.content)
        hparams = start.session_start_info.hparams
        assert hparams["arm"].string_value in ("real", "mix") and hparams["settings.epochs"].number_value == 3
    results = EventAccumulator(str(study / "tensorboard/tracked's/results")).Reload()
    assert "gain_points/test/studio" in results.Tags()["scalars"]
    image = results.Images(results.Tags()["images"][0])[0]
    assert image.encoded_image_string.startswith(b"\x89PNG") and image.width > 100


def test_tensorboard_reads_a_training_by_hand(place: Path, tmp_path: Path) -> None:
    words = ["--epochs", "3", "--out", tmp_path / "mine.safetensors", "--track", f"tensorboard:{tmp_path}/logs"]
    howfar.command("train", place / "real", *words)
    read = EventAccumulator(str(tmp_path / "logs/howfar train/mine")).Reload()
    assert [event.step for event in read.Scalars("loss/training")] == [1, 2, 3]
    start = HParamsPluginData.FromString(read.SummaryMetadata("_hparams_/session_start_info").plugin_data.content)
    assert start.session_start_info.hparams["epochs"].number_value == 3
    validation = {round(event.value, 6) for event in read.Scalars("epoch_accuracy/validation")}
    assert round(read.Scalars("accuracy/validation")[0].value, 6) in validation


def test_mlflow_reads_every_cell_and_the_results_however_often_they_are_written(study: Path, server: str) -> None:
    for command in (
        ["run", study / "study.toml", "--out", study / "study", "--track"],
        ["study", "track", study / "study", "--to"],
    ):
        howfar.command(*command, f"mlflow:{server}")
        client = MlflowClient(tracking_uri=server)
        (experiment,) = (found for found in client.search_experiments() if found.name == "tracked's")
        runs: list[Run] = client.search_runs([experiment.experiment_id])
        assert len(runs) == 5 and {run.info.status for run in runs} == {"FINISHED"}
        cells = client.search_runs([experiment.experiment_id], filter_string="params.arm = 'mix'")
        assert len(cells) == 2
        for run in cells:
            history = client.get_metric_history(run.info.run_id, "loss/validation")
            assert [metric.step for metric in history] == [1, 2, 3]
            assert 0 <= run.data.metrics["accuracy/unseen/unseen"] <= 1
            assert run.data.params["settings.network"] == "compact"
            assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["model.safetensors"]
        (results,) = (run for run in runs if run.info.run_name == "results")
        assert "report.html" in [file.path for file in client.list_artifacts(results.info.run_id)]
        assert "gain_points/test/studio" in results.data.metrics


def test_a_tracker_that_is_not_there_is_named(study: Path) -> None:
    for tracker, what in (
        ("mlflow:http://127.0.0.1:1", "cannot be written to MLflow"),
        ("mlflow:https://127.0.0.1:1", "plain HTTP"),
        ("wandb:x", "no such tracker"),
    ):
        with pytest.raises(howfar.HowfarError, match=what):
            howfar.command("study", "track", study / "study", "--to", tracker)


def test_a_finished_study_is_written_afterwards_to_the_same_bytes(study: Path) -> None:
    howfar.command("study", "track", study / "study", "--to", f"tensorboard:{study / 'later'}")
    later, before = (
        {p.parent.name: p.read_bytes() for p in (study / d).glob("*/modern*/*")} for d in ("later", "tensorboard")
    )
    assert later == before
