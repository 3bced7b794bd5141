"""The program is found, its progress is shown as it comes, its errors are raised with what they say."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import howfar
import pytest


def test_an_error_has_the_message_and_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "study.toml").write_text("[real")
    with pytest.raises(howfar.HowfarError) as raised:
        howfar.run(tmp_path / "study.toml")
    assert raised.value.exit_code == 2
    assert raised.value.message.startswith(f"{tmp_path}/study.toml, line 1: unclosed table\n")
    assert "unclosed table" in capsys.readouterr().err


def test_progress_comes_through_and_the_answer_is_returned(study: howfar.Results, place: Path) -> None:
    again = howfar.run(place / "study.toml", out=place / "tiny", jobs=1, threads=1, quiet=True)
    assert again.data == study.data


def test_the_folder_is_that_of_the_studys_name(
    study: howfar.Results, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert howfar.run("study.toml", quiet=True).folder == study.folder


def test_a_terminal_is_shown_what_the_program_shows_one(place: Path) -> None:
    ours, theirs = pty.openpty()
    script = (
        "import howfar, sys; howfar.command('faces', 'inspect', sys.argv[1]); howfar.command('run', 'no-such-file')"
    )
    child = subprocess.Popen([sys.executable, "-c", script, place / "real"], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:
        pass
    assert child.wait() == 1
    assert b"\x1b[" in shown.split(b"Traceback")[0], "the program was told of a terminal"
    assert b"HowfarError: no-such-file" in shown


def test_the_program_is_named_found_or_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOWFAR", "/anywhere/howfar")
    assert howfar.program() == Path("/anywhere/howfar")
    monkeypatch.delenv("HOWFAR")
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no program howfar"):
        howfar.program()
    (tmp_path / "howfar").write_text("#!/bin/sh\n")
    (tmp_path / "howfar").chmod(0o755)
    assert howfar.program() == tmp_path / "howfar"


def test_the_module_needs_the_standard_library_alone(place: Path) -> None:
    script = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name in ("numpy", "pandas", "pyarrow", "PIL", "torch"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Nothing())
import howfar
howfar.results(sys.argv[1] + "/tiny").chosen_k
for use in (lambda: howfar.FaceSet(sys.argv[1] + "/real"), howfar.results(sys.argv[1] + "/tiny").curve):
    try:
        use()
    except ImportError as error:
        print(error)
"""
    howfar.run(place / "study.toml", out=place / "tiny", quiet=True)
    answer = subprocess.run([sys.executable, "-c", script, place], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == [
        "FaceSet needs pyarrow: pip install pyarrow (or 'howfar[all]')",
        "frames needs pandas: pip install pandas (or 'howfar[all]')",
    ]
