"""Runs studies and analyses. In: a study file, or a table of predictions. Out: results."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from ._needs import need
from ._program import command
from ._results import Results, results

if TYPE_CHECKING:
    import pandas as pd


def run(
    study: str | Path,
    *,
    out: str | Path | None = None,
    jobs: int | None = None,
    threads: int | None = None,
    until_sure: bool = False,
    quiet: bool = False,
) -> Results:
    """Runs a study (`howfar run`) and gives its results. A study that was stopped goes on where it was.

    `out` is the study's folder, else that of its name. `jobs` cells side by side, each with `threads` threads, else
    what a short measurement says. `until_sure` adds seeds until the answer is settled. `quiet` shows no progress.
    """
    options = [*_option("--out", out), *_option("--jobs", jobs), *_option("--threads", threads)]
    options += ["--until-sure"] * until_sure + ["--quiet"] * quiet
    command("run", study, *options)
    return results(out if out is not None else tomllib.loads(Path(study).read_text("utf-8"))["name"])


def analyse(
    table: pd.DataFrame | str | Path,
    *,
    out: str | Path | None = None,
    measure: str | None = None,
    smallest_gain: float | None = None,
    quiet: bool = True,
) -> Results:
    """Analyses predictions of models that howfar has not trained (`howfar study analyse --predictions`).

    `table` is a frame, or a CSV or Parquet file: a row for every prediction with the columns `arm`, `k`, `seed`,
    `split`, `part`, `set`, `face`, `person`, `true`, and `predicted` or `p_CLASS` for every class. The report is
    written to `out` where one is named. `measure` is `accuracy` or `macro-recall`, `smallest_gain` the smallest
    difference that matters, in points.
    """
    options = [*_option("--measure", measure), *_option("--smallest-gain", smallest_gain), *["--quiet"] * quiet]
    with tempfile.TemporaryDirectory(prefix="howfar-") as temporary:
        file = Path(table) if isinstance(table, (str, Path)) else _written(table, Path(temporary))
        folder = Path(temporary, "table") if out is None else Path(out)
        command("study", "analyse", "--predictions", file, "--out", folder, *options)
        found = results(folder)
        return found if out is not None else found.without_folder()


def _option(name: str, value: object) -> list[str]:
    return [] if value is None else [name, str(value)]


def _written(frame: pd.DataFrame, folder: Path) -> Path:
    """The frame as a plain Parquet file: categories are written as their names."""
    arrow, parquet = need("pyarrow", "analyse()"), need("pyarrow.parquet", "analyse()")
    table = arrow.Table.from_pandas(frame, preserve_index=False)
    for i, field in enumerate(table.schema):
        if arrow.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table[i].cast(field.type.value_type))
    file = folder / "predictions.parquet"
    parquet.write_table(table.replace_schema_metadata(None), file, store_schema=False)
    return file
