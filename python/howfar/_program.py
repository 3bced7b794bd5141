"""Finds and runs the program. In: arguments. Out: its stdout; progress goes to stderr, errors are raised."""

import codecs
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections import deque
from pathlib import Path

# What the program writes last before it ends: the message of an error is in it.
_KEPT_LINES = 200


class HowfarError(RuntimeError):
    """The program ended with an error.

    `exit_code`: 2 wrong arguments or study file, 3 data that cannot be used, 4 the machine refused, 75 stopped (the
    same call goes on), 1 a bug. `message`: what was found, where, and what to do.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def program() -> Path:
    """The program that is run: `HOWFAR` names it, else the one installed with this package, else that on the PATH."""
    named = os.environ.get("HOWFAR")
    if named:
        return Path(named)
    for scheme in (None, f"{os.name}_user"):
        scripts = sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts")
        beside = Path(scripts) / ("howfar.exe" if os.name == "nt" else "howfar")
        if beside.is_file():
            return beside
    found = shutil.which("howfar")
    if found:
        return Path(found)
    raise FileNotFoundError("there is no program howfar: install the package, or name the program with HOWFAR=PATH")


def command(*arguments: str | Path) -> str:
    """Runs `howfar ARGUMENTS` and gives what it answers on stdout. Its progress goes to stderr.

    >>> howfar.command("--version").split()[0]
    'howfar'
    >>> howfar.command("run", "no-such-study.toml")
    Traceback (most recent call last):
    howfar._program.HowfarError: no-such-study.toml: cannot read: there is no such file or folder
      hint: check the path; a relative path starts at the folder you are in
    """
    words = [str(program()), *(str(argument) for argument in arguments)]
    # A terminal is shown the bars that the program draws for one.
    reading, writing = _pseudo_terminal() if sys.stderr.isatty() else os.pipe()
    try:
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=writing, encoding="utf-8")
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    follower = threading.Thread(target=_follow, args=(reading, kept), daemon=True)
    follower.start()
    try:
        answer, _ = child.communicate()
    except BaseException:
        # Of a notebook the program hears nothing by itself. It keeps what it has and ends.
        child.send_signal(signal.SIGINT)
        child.wait()
        raise
    follower.join()
    if child.returncode != 0:
        raise HowfarError(_message("".join(kept), child.returncode), child.returncode)
    return answer


def _pseudo_terminal() -> tuple[int, int]:
    import pty
    import termios

    reading, writing = pty.openpty()
    try:
        termios.tcsetwinsize(writing, termios.tcgetwinsize(sys.stderr.fileno()))
    except (OSError, ValueError):
        pass
    return reading, writing


def _follow(reading: int, kept: deque[str]) -> None:
    """Hands on what the program writes as it comes, and keeps its end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while True:
            try:
                data = pipe.read(65536)
            except OSError:  # How a pseudo-terminal says that it is over.
                return
            if not data:
                return
            text = decoder.decode(data)
            kept.extend(text.splitlines(keepends=True))
            sys.stderr.write(text)
            sys.stderr.flush()


def _message(written: str, exit_code: int) -> str:
    """The error of what was written, without colours.

    >>> _message("one cell\\n\\x1b[31merror:\\x1b[0m study.toml: unclosed table\\n  found  [\\n", 2)
    'study.toml: unclosed table\\n  found  ['
    """
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r\n", "\n")
    parts = re.split(r"(?m)^error: ", plain)
    if len(parts) > 1:
        return parts[-1].strip()
    return plain.strip() or f"howfar ended with exit code {exit_code} and said nothing"
