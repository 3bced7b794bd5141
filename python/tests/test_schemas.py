"""The schemas of study, style and settings files take the repository's, and refuse what the program refuses."""

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


def printed(*command: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(howfar.command(*command, "--schema"))
    jsonschema.Draft202012Validator.check_schema(said)
    return said


def test_every_style_fits_and_what_the_program_refuses_does_not(tmp_path: Path) -> None:
    schema = printed("style", "show")
    assert schema == json.loads((ROOT / "docs/style.schema.json").read_text())
    styles = [path.read_text() for path in (ROOT / "crates/howfar-draw/styles").glob("*.toml")]
    styles.append('name = "mine"\nbase = "wild"\n[camera]\nyaw_deg = { mean = 3 }\n')
    assert len(styles) == 4
    for text in styles:
        jsonschema.validate(tomllib.loads(text), schema)
    mine = 'name = "mine"\nbase = "studio"\n'
    refused = [
        'name = "mine"\n',
        'name = "my style"\nbase = "wild"\n',
        f"{mine}[tone]\nnoise_levels = [0.0, 99.0]\n",
        f"{mine}[hair]\nbald_share = -0.1\n",
        f"{mine}[light]\nambient = [0.1, 0.2, 0.3]\n",
        f"{mine}[tone]\ngama = [0.7, 1.0]\n",
        f"{mine}[camera]\nyaw_deg = {{ mean = 3, sd = -1 }}\n",
        f"{mine}[acting.expressions]\nanger = [{{ au = 3, probability = 1.0, intensity = [0.8, 1.25] }}]\n",
        f'{mine}session = "alone"\n',
    ]
    for text in refused:
        (tmp_path / "my.toml").write_text(text)
        with pytest.raises(howfar.HowfarError):
            howfar.command("style", "show", tmp_path / "my.toml")
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(tomllib.loads(text), schema)


@pytest.mark.parametrize("kind", ["stargan", "stylegan2"])
def test_every_preset_of_a_generator_fits_and_what_the_program_refuses_does_not(kind: str, tmp_path: Path) -> None:
    schema = printed("generator", "train", kind)
    presets = {path: path.read_text() for path in (ROOT / "crates/howfar-generate/presets").glob(f"{kind}-*.toml")}
    assert len(presets) == 2
    for text in presets.values():
        jsonschema.validate(tomllib.loads(text), schema)
    small = howfar.command("generator", "train", kind, "--show-settings", "small")
    howfar.command("draw", "--people", "1", "--size", "48", "--out", tmp_path / "faces")
    for before, after in [("batch = 8", "batch = 0"), ("rate = ", "rate = -"), ("mirror = ", "mirrors = ")]:
        text = small.replace(before, after, 1)
        assert text != small
        (tmp_path / "my.toml").write_text(text)
        command = ["generator", "train", kind, tmp_path / "faces", "--settings", tmp_path / "my.toml"]
        with pytest.raises(howfar.HowfarError):
            howfar.command(*command, "--out", tmp_path / "run")
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(tomllib.loads(text), schema)
