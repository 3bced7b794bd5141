"""A study of drawn faces through each example trainer to its report, killed twice on the way.

Those whose packages are not installed are skipped; `HOWFAR_CI_HEAVY=1 .ci/python` installs them.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import howfar
import pytest
from test_example_trainers import PACKAGES, TRAINERS, needs

TRAIN = """command = ["{python}", "{trainer}.py"]
inputs = [{inputs}]
budget = "epochs"
batch = 16
timeout_min = 20
"""


@pytest.mark.parametrize("trainer", PACKAGES)
def test_killed_twice_it_comes_to_the_same_results(place: Path, trainer: str) -> None:
    needs(*PACKAGES[trainer])
    files = [f"{trainer}.py", *(["torch_loop.py"] if trainer.startswith("torch") else [])]
    for file in files:
        shutil.copy(TRAINERS / file, place)
    study = (place / "study.toml").read_text().replace("seeds = 2", 'seeds = 1\narms = ["mix"]')
    inputs = ", ".join(f'"{file}"' for file in files)
    study += TRAIN.format(python=sys.executable, trainer=trainer, inputs=inputs)
    (place / f"{trainer}.toml").write_text(study)

    def begin(out: str) -> subprocess.Popen[bytes]:
        words = [howfar.program(), "run", f"{trainer}.toml", "--quiet", "--out", out]
        return subprocess.Popen(words, cwd=place, stdout=subprocess.DEVNULL)

    unbroken, broken = (f"{trainer}-{word}" for word in ("unbroken", "broken"))
    assert begin(unbroken).wait() == 0
    for kill in range(2):
        child = begin(broken)
        began = time.monotonic()
        # The first time in the first cell, the second time in the second.
        while len(list((place / broken).glob("runs/*/program/job.json"))) == 0 or (
            len(list((place / broken).glob("runs/*/finished.json"))) < kill
        ):
            assert child.poll() is None and time.monotonic() - began < 300
            time.sleep(0.02)
        time.sleep(0.5)
        child.kill()
        child.wait()
    assert begin(broken).wait() == 0
    for file in ("results.json", "choice.json"):
        assert (place / broken / file).read_bytes() == (place / unbroken / file).read_bytes()
    assert (place / broken / "report.html").exists()
    track = howfar.results(place / broken).data["recipes"][0]
    assert track["settings"]["network"] == {"program": trainer}
