"""Writes Hugging Face datasets as pyarrow, and so pandas and `datasets`, write them by default: snappy, dictionaries.

    python3 reference/hf_parquet.py FOLDER
    howfar prepare hf:FOLDER/named --detect none --out faces/named
    howfar prepare hf:FOLDER/text --detect none --out faces/text

In: nothing; the pictures are patterns. Out: FOLDER/named (image struct, ClassLabel) and FOLDER/text (dictionary text,
bytes), each of a training and a test part, the training part in several row groups. Needs pyarrow and Pillow.
"""

import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

NAMES = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]


def picture(seed):
    values = bytes((x * (3 + seed % 5) + y * (1 + seed % 7) + seed * 13) % 256 for y in range(48) for x in range(48))
    out = io.BytesIO()
    Image.frombytes("L", (48, 48), values).save(out, "PNG")
    return out.getvalue()


def named(seeds):
    images = pa.array([{"bytes": picture(s), "path": f"{s}.png"} for s in seeds])
    table = pa.table({"image": images, "label": pa.array([s % 7 for s in seeds]), "person": [f"p{s // 3}" for s in seeds]})
    names = {"names": NAMES, "_type": "ClassLabel"}
    features = {"image": {"_type": "Image"}, "label": names, "person": {"dtype": "string", "_type": "Value"}}
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def text(seeds):
    emotions = pa.array([NAMES[s % 7] for s in seeds]).dictionary_encode()
    return pa.table({"img": pa.array([picture(s) for s in seeds], pa.binary()), "emotion": emotions, "id": list(seeds)})


def main(folder):
    for name, make in [("named", named), ("text", text)]:
        data = folder / name / "data"
        data.mkdir(parents=True, exist_ok=True)
        pq.write_table(make(range(300)), data / "train-00000-of-00001.parquet", row_group_size=100)
        pq.write_table(make(range(300, 340)), data / "test-00000-of-00001.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
