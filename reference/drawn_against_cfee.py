"""Prints how far faces move from their neutral one, CFEE's beside drawn ones: the table of docs/drawn-faces.md.

Run: howfar draw --people 230 --style wild --seed 5 --expressions neutral,anger,disgust,fear,happiness,sadness,surprise --out DRAWN
     python reference/drawn_against_cfee.py LANDMARKS.json DRAWN     (LANDMARKS.json of landmark_motion_cfee.py)
"""

import glob
import json
import sys

import numpy as np
import pyarrow.parquet as parquet

from landmark_motion_cfee import normalise


def x(p, *k):
    return p[..., list(k), 0].mean(-1)


def y(p, *k):
    return p[..., list(k), 1].mean(-1)


MEASURES = {
    "anger": {
        "middle of the brow, up": lambda p: -y(p, 19, 24),
        "inner ends of the brows, apart": lambda p: x(p, 22) - x(p, 21),
        "opening of the eyes": lambda p: y(p, 40, 41, 46, 47) - y(p, 37, 38, 43, 44),
    },
    "disgust": {
        "wings of the nose, up": lambda p: -y(p, 31, 35),
        "opening of the mouth": lambda p: y(p, 66) - y(p, 62),
    },
    "fear": {
        "width of the mouth": lambda p: x(p, 54) - x(p, 48),
        "corners of the mouth over the line of the lips": lambda p: y(p, 62, 66) - y(p, 48, 54),
        "upper lid over the corners of the eye": lambda p: y(p, 36, 39, 42, 45) - y(p, 37, 38, 43, 44),
    },
    "happiness": {
        "width of the mouth": lambda p: x(p, 54) - x(p, 48),
        "corners of the mouth, up": lambda p: -y(p, 48, 54),
    },
    "sadness": {
        "corners of the mouth over the line of the lips": lambda p: y(p, 62, 66) - y(p, 48, 54),
        "inner end of the brow, up": lambda p: -y(p, 21, 22),
    },
    "surprise": {
        "opening of the mouth": lambda p: y(p, 66) - y(p, 62),
        "middle of the brow, up": lambda p: -y(p, 19, 24),
    },
}


def drawn(folder):
    """Mean displacement of the 68 landmarks by expression, each identity from its own neutral face."""
    points, neutral = {}, {}
    for file in sorted(glob.glob(f"{folder}/data/*.parquet")):
        table = parquet.read_table(file, columns=["subject", "label", "landmarks"])
        features = json.loads(parquet.read_schema(file).metadata[b"huggingface"])["info"]["features"]
        names = features["label"]["names"]
        placed = normalise(np.array(table["landmarks"].to_pylist()).reshape(-1, 68, 2))
        for person, label, face in zip(table["subject"].to_pylist(), table["label"].to_pylist(), placed):
            if names[label] == "neutral":
                neutral[person] = face
            else:
                points.setdefault(names[label], []).append((person, face))
    return {name: np.mean([face - neutral[person] for person, face in faces], 0) for name, faces in points.items()}


def main():
    cfee = json.load(open(sys.argv[1]))["by_expression"]
    ours = drawn(sys.argv[2])
    for expression, measures in MEASURES.items():
        seen = np.array(cfee[expression]["mean"])
        for name, measure in measures.items():
            print(f"{expression:10} {name:48} {measure(seen):+.3f} {measure(ours[expression]):+.3f}")


if __name__ == "__main__":
    main()
