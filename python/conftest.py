"""What tests and doctests share: a tiny study of drawn faces that the program runs once, and a job made by hand."""

import os
from pathlib import Path

import howfar
import pytest
from jobs import make_job

# Programs that tests start find the module, too.
os.environ["PYTHONPATH"] = str(Path(__file__).parent)

STUDY = """name = "tiny"
[real]
sets = ["real"]
split = { train = 4, validation = 2, test = 2 }
[generated]
sets = ["generated"]
[unseen]
sets = ["unseen"]
[grid]
k = [0, 1]
seeds = 2
[train]
epochs = 2
"""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three sets of drawn faces and a study file."""
    folder = tmp_path_factory.mktemp("study")
    sets = (("real", "studio", 8), ("generated", "wild", 8), ("unseen", "unseen", 3))
    for seed, (name, style, people) in enumerate(sets, 1):
        howfar.command("draw", "--people", people, "--style", style, "--seed", seed, "--out", folder / name, "--quiet")
    (folder / "study.toml").write_text(STUDY)
    return folder


@pytest.fixture(scope="session")
def study(place: Path) -> howfar.Results:
    """The results of that study."""
    return howfar.run(place / "study.toml", out=place / "tiny")


@pytest.fixture
def job(tmp_path: Path) -> howfar.trainer.Job:
    """A job made by hand."""
    return howfar.trainer.job(make_job(tmp_path))


@pytest.fixture(autouse=True)
def names_in_doctests(request: pytest.FixtureRequest, doctest_namespace: dict[str, object]) -> None:
    """`howfar` everywhere; what a module's examples speak of where they do."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    doctest_namespace["howfar"] = howfar
    module = request.node.name
    for word, needs in (("_results.", "study"), ("_face_set.", "place"), ("trainer.", "job")):
        if word in module:
            value = request.getfixturevalue(needs)
            doctest_namespace["drawn" if needs == "place" else needs] = value / "real" if needs == "place" else value
