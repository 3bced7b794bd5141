"""The example trainers on jobs made by hand: they learn, repeat themselves to the byte, and go on after a stop.

Those whose packages are not installed are skipped; `HOWFAR_CI_HEAVY=1 .ci/python` installs them.
"""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from jobs import accuracy, make_job

TRAINERS = Path(__file__).resolve().parents[2] / "examples" / "trainers"


def start(trainer: str, job: Path) -> subprocess.Popen[str]:
    """As howfar starts it, in the study file's folder."""
    environment = os.environ | {"HOWFAR_JOB": str(job)}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    # Keras on what is there already.
    environment.setdefault("KERAS_BACKEND", "jax" if importlib.util.find_spec("jax") else "torch")
    words = [sys.executable, f"{trainer}.py", str(job)]
    return subprocess.Popen(words, cwd=TRAINERS, env=environment, stdout=subprocess.PIPE, text=True)


def train(trainer: str, job: Path) -> float:
    """Runs it to its end. Gives the share of faces that it is right of."""
    child = start(trainer, job)
    lines = child.communicate()[0].splitlines()
    assert child.returncode == 0
    assert lines and all(line.startswith('{"step": ') for line in lines if not line.startswith("Epoch"))
    return accuracy(job)


def needs(*packages: str) -> None:
    """Skips where one is not installed; Keras cannot be imported to see, which would choose a back end."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")


PACKAGES = {
    "sklearn_hog": ("sklearn",),
    "torch_table1": ("torch",),
    "torch_resnet18": ("torch", "torchvision"),
    "keras_small": ("keras",),
}
SIZES = {"side": 32, "n_training": 90, "n_validation": 30, "n_predict": 60, "epochs": 6, "batch": 16}


@pytest.mark.parametrize("trainer", PACKAGES)
@pytest.mark.parametrize(("faces", "channels"), [("parquet", 1), ("png", 3)])
def test_it_learns_and_repeats_itself(tmp_path: Path, trainer: str, faces: str, channels: int) -> None:
    needs(*PACKAGES[trainer])
    # After six epochs Keras is still on its way: from some initial weights it is right of three quarters.
    sizes = SIZES | {"epochs": 12} if trainer == "keras_small" else SIZES
    jobs = [make_job(tmp_path / name, faces=faces, channels=channels, **sizes) for name in "ab"]
    assert train(trainer, jobs[0]) > 0.8
    train(trainer, jobs[1])
    first, second = (sorted((job.parent / "answer").iterdir()) for job in jobs)
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


@pytest.mark.parametrize("trainer", ["torch_table1", "torch_resnet18", "keras_small"])
def test_stopped_it_goes_on_to_the_same_bytes(tmp_path: Path, trainer: str) -> None:
    needs(*PACKAGES[trainer])
    unbroken, broken = (make_job(tmp_path / name, patience=3, **SIZES) for name in ("unbroken", "broken"))
    train(trainer, unbroken)
    child = start(trainer, broken)
    # In the third epoch.
    for _ in range(15):
        child.stdout.readline()
    child.send_signal(signal.SIGTERM)
    child.communicate()
    assert child.returncode == 1 and not list(broken.parent.glob("answer/predictions*"))
    assert list(broken.parent.glob("checkpoint/[!.]*.pt")) or list(broken.parent.glob("checkpoint/[!.]*.keras"))
    train(trainer, broken)
    for file in (unbroken.parent / "answer").iterdir():
        assert (broken.parent / "answer" / file.name).read_bytes() == file.read_bytes(), file.name


def test_table_1_is_that_of_howfar() -> None:
    needs("torch")
    sys.path.insert(0, str(TRAINERS))
    from torch_table1 import table1

    # `TABLE1_SAME` of crates/howfar-network/src/table.rs.
    assert sum(each.numel() for each in table1(64, 1, 6).parameters()) == 8_636_038
