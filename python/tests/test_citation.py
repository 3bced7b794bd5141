"""CITATION.cff says the version and the licence that Cargo.toml says, and names the paper as the documents do."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CITATION = (ROOT / "CITATION.cff").read_text()


def test_version_and_licence_are_those_of_the_workspace() -> None:
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    assert re.findall(r"^version: (.+)$", CITATION, re.MULTILINE) == [package["version"]]
    licences = re.search(r"^license:\n((?:  - .+\n)+)", CITATION, re.MULTILINE)
    assert licences and re.findall(r"- (.+)", licences[1]) == package["license"].split(" OR ")


def test_the_paper_is_that_of_the_documents() -> None:
    document = " ".join((ROOT / "docs/paper.md").read_text().split())
    title = re.search(r"^    title: (.+)$", CITATION, re.MULTILINE)
    assert title and f"*{title[1]}*" in document
    for name in re.findall(r"^      - family-names: (.+)$", CITATION, re.MULTILINE):
        assert name in document
