"""Face sets: as many faces as the program counts, in its order, also in other processes and over several row groups."""

import pickle
from pathlib import Path

import howfar
import numpy as np
import pyarrow.parquet as pq
import pytest


def test_faces_have_their_pictures_and_labels(place: Path) -> None:
    faces = howfar.FaceSet(place / "unseen")
    rows = pq.read_table(place / "unseen" / "data").to_pylist()
    assert len(faces) == len(rows) == 18
    assert faces.labels == [row["label"] for row in rows] and faces.people == [row["subject"] for row in rows]
    picture, label = faces[-1]
    assert label == rows[-1]["label"] and picture.size == (64, 64) and picture.mode == "L"
    with pytest.raises(IndexError):
        faces[18]
    assert len(list(faces)) == 18
    table = faces.table()
    assert table.label.astype(str).tolist() == [faces.classes[label] for label in faces.labels]
    assert "image" not in table and table.subject.nunique() == 3
    assert repr(faces).endswith("18 faces of 3 people")


def test_transforms_are_applied(place: Path) -> None:
    faces = howfar.FaceSet(place / "unseen", transform=np.asarray, target_transform=lambda label: label + 100)
    picture, label = faces[0]
    assert picture.shape == (64, 64) and label == 100 + faces.labels[0]


def test_row_groups_are_read_as_they_are_asked_for(place: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "face_set.json").write_bytes((place / "unseen" / "face_set.json").read_bytes())
    shard = "data/train-00000-of-00001.parquet"
    pq.write_table(pq.read_table(place / "unseen" / shard), tmp_path / shard, row_group_size=1)
    faces, whole = howfar.FaceSet(tmp_path), howfar.FaceSet(place / "unseen")
    for idx in (17, 0, 3, 3, 9, 17, *range(18)):
        assert faces[idx][0].tobytes() == whole[idx][0].tobytes() and faces[idx][1] == whole[idx][1]
    assert len(faces._kept) == 8
    copy = pickle.loads(pickle.dumps(faces))
    assert not copy._kept and copy[5][0].tobytes() == whole[5][0].tobytes()


def test_what_is_no_face_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        howfar.FaceSet(tmp_path)
    (tmp_path / "face_set.json").write_text('{"format": "howfar face set", "version": 9}')
    with pytest.raises(ValueError, match="version 9"):
        howfar.FaceSet(tmp_path)
