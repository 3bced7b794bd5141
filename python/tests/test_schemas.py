"""The schema of study files takes every study of the repository, and refuses what the program refuses."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import howfar
import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(howfar.command("init", "--schema"))
    jsonschema.Draft202012Validator.check_schema(said)
    return said


def studies() -> Iterator[tuple[str, str]]:
    """Study files, and those that stand in scripts and tests between lines of other languages."""
    for folder in ("examples", "bench", "crates/howfar", "python/tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".toml" and path.name not in ("Cargo.toml", "paper.toml"):
                text = path.read_text()
                if re.search(r"^\[real\]", text, re.MULTILINE):
                    yield str(path.relative_to(ROOT)), text


def blocks_of_documents() -> Iterator[dict[str, Any]]:
    """Studies that documents show in part; those with … in them are nobody's file."""
    for path in (ROOT / "docs").glob("*.md"):
        for block in re.findall(r"```toml\n(.*?)```", path.read_text(), re.DOTALL):
            if re.search(r"^\[(real|grid|train|choose)\]", block, re.MULTILINE) and "…" not in block:
                yield tomllib.loads(block)


def test_every_study_of_the_repository_fits(schema: dict[str, Any], tmp_path: Path) -> None:
    howfar.command("init", tmp_path / "init.toml")
    made = [(path.name, path.read_text()) for path in tmp_path.rglob("*.toml")]
    parts = list(blocks_of_documents())
    whole = [(name, tomllib.loads(text)) for name, text in [*studies(), *made]]
    assert len(whole) >= 3 and len(parts) >= 3
    for part in parts:
        whole.append(("a document", {"name": "s", **part, "real": {"sets": ["a"], **part.get("real", {})}}))
    for name, study in whole:
        errors = list(jsonschema.Draft202012Validator(schema).iter_errors(study))
        assert not errors, f"{name}: {errors[0].message}"


@pytest.mark.parametrize(
    "addition",
    [
        "[train]\nepoch = 3",
        "[grid]\nk = [0, -1]",
        '[grid]\narms = ["mixed"]',
        '[train]\nnetwork = { name = "vgg16" }',
        '[train]\nnetwork = ["vgg"]',
        "[grid]\npeople_percent = [50, 100]",
        "[grid]\nseeds = 0",
        "[train]\nlearning_rate = 0.0",
        "[train.augmentation]\nblurr = 1",
        '[choose]\non = "home"',
        '[train]\nbudget = "long"',
    ],
)
def test_what_the_program_refuses_does_not_fit(schema: dict[str, Any], tmp_path: Path, addition: str) -> None:
    text = f'name = "s"\n[real]\nsets = ["a"]\n[generated]\nsets = ["b"]\n{addition}\n'
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(howfar.HowfarError):
        howfar.command("plan", tmp_path / "study.toml")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), schema)
