"""How much generated face data to mix into training, how far that helps on unseen databases, and how sure that is.

The program `howfar` does the work and comes with this package; the module starts it and reads what it writes::

    import howfar

    results = howfar.run("study.toml", out="study")
    print(results.answer)
    results.curve()

`howfar.trainer` is for programs that `[train] command` of a study starts. The module needs the standard library alone;
frames, face sets and trainers need pandas, pyarrow, numpy or pillow where they are used (`pip install 'howfar[all]'`).
"""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version

from . import trainer
from ._face_set import FaceSet
from ._program import HowfarError, command, program
from ._results import Caveat, Difference, Results, Track, results
from ._study import analyse, run

try:
    __version__ = _version("howfar")
except PackageNotFoundError:  # Read from the repository, not installed.
    __version__ = "unknown"

__all__ = [
    "Caveat",
    "Difference",
    "FaceSet",
    "HowfarError",
    "Results",
    "Track",
    "analyse",
    "command",
    "program",
    "results",
    "run",
    "trainer",
]
