"""Reads a face set as frameworks for training like it. In: its folder. Out: pictures with labels, one at a time."""

from __future__ import annotations

import bisect
import io
import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._needs import need
from ._results import check_format

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

OLDEST, NEWEST = 1, 3
# Row groups (500 faces each) whose files are kept in memory, not decoded.
_KEPT_GROUPS = 8


class FaceSet:
    """A face set (`howfar prepare`, `draw`, `generate`) in the manner of torchvision's datasets.

    `faces[i]` is a picture of PIL and the index of its class, or what `transform` and `target_transform` make of them.
    Files are read as faces are asked for; copies in worker processes open them anew.

    >>> faces = FaceSet(drawn)
    >>> len(faces), faces.classes[:2]
    (48, ['anger', 'disgust'])
    >>> picture, label = faces[1]
    >>> picture.size, faces.classes[label], faces.people[1]
    ((64, 64), 'disgust', 'drawn-studio-1:0000')
    """

    classes: list[str]
    """Names of the classes; labels count in their order."""
    labels: list[int]
    """The label of each face."""
    people: list[str]
    """Who is on each face: what to split by."""

    def __init__(
        self,
        path: str | Path,
        transform: Callable[[Image], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ) -> None:
        self.path = Path(path)
        self.transform = transform
        self.target_transform = target_transform
        file = self.path / "face_set.json"
        self.info: dict[str, Any] = json.loads(file.read_text("utf-8"))
        check_format(file, self.info, "howfar face set", OLDEST, NEWEST)
        self.classes = list(self.info["classes"])
        self.labels, self.people = [], []
        # Where each row group begins, and which of which file it is.
        self._begins: list[int] = []
        self._groups: list[tuple[Path, int]] = []
        self._kept: OrderedDict[int, list[bytes]] = OrderedDict()
        for shard in self.info["shards"]:
            self._add_shard(self.path / shard["file"])

    def _add_shard(self, file: Path) -> None:
        with need("pyarrow.parquet", "FaceSet").ParquetFile(file) as parquet:
            for group in range(parquet.metadata.num_row_groups):
                self._begins.append(len(self.labels))
                self._groups.append((file, group))
                columns = parquet.read_row_group(group, columns=["label", "subject"]).to_pydict()
                self.labels += columns["label"]
                self.people += columns["subject"]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        if not -len(self) <= idx < len(self):
            raise IndexError(f"face {idx} of {len(self)}")
        idx %= len(self)
        group = bisect.bisect_right(self._begins, idx) - 1
        png = self._pictures(group)[idx - self._begins[group]]
        picture = need("PIL.Image", "FaceSet").open(io.BytesIO(png))
        picture.load()
        label = self.labels[idx]
        return (
            picture if self.transform is None else self.transform(picture),
            label if self.target_transform is None else self.target_transform(label),
        )

    def _pictures(self, group: int) -> list[bytes]:
        if group not in self._kept:
            file, of_file = self._groups[group]
            # Opened anew: processes that a loader forks must not share a file's position.
            with need("pyarrow.parquet", "FaceSet").ParquetFile(file) as parquet:
                images = parquet.read_row_group(of_file, columns=["image"])["image"].to_pylist()
            self._kept[group] = [image["bytes"] for image in images]
            while len(self._kept) > _KEPT_GROUPS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(group)
        return self._kept[group]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": OrderedDict()}

    def table(self) -> pd.DataFrame:
        """Every column but the pictures (docs/formats.md); `label` as its class's name.

        >>> FaceSet(drawn).table()[["label", "subject", "provenance"]].iloc[1].tolist()
        ['disgust', 'drawn-studio-1:0000', 'drawn']
        """
        pandas, arrow, parquet = (
            need("pandas", "table()"),
            need("pyarrow", "table()"),
            need("pyarrow.parquet", "table()"),
        )
        tables = []
        for shard in self.info["shards"]:
            with parquet.ParquetFile(self.path / shard["file"]) as file:
                names = [name for name in file.schema_arrow.names if name != "image"]
                tables.append(file.read(columns=names))
        frame: pd.DataFrame = arrow.concat_tables(tables, promote_options="default").to_pandas()
        frame["label"] = pandas.Categorical.from_codes(frame["label"], categories=self.classes)
        return frame

    def __repr__(self) -> str:
        return f"FaceSet({str(self.path)!r}): {len(self)} faces of {len(set(self.people))} people"
