"""Makes one folder of every layout in which face databases circulate, and reads each with howfar.

    python3 reference/layouts.py OUT HOWFAR

OUT must not exist. HOWFAR is the program. No picture shows anybody: pixels are noise, so faces are not looked for.
Each layout is read twice, by --dry-run and into a set; the counts of both are compared with what was made.
Needs Pillow, NumPy and pyarrow. Ends with exit code 1 if one differs.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

RNG = np.random.default_rng(17)
SIX = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
HAPPY = {"anger": "Angry", "disgust": "Disgust", "fear": "Fear", "happiness": "Happy", "sadness": "Sad", "surprise": "Surprise"}


def pixels(side=48):
    return RNG.integers(0, 256, (side, side), dtype=np.uint8)


def save(path, palette=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels())
    if palette:
        picture = picture.convert("P")
        picture.putpalette([value for level in range(256) for value in (level, level, level)])
    picture.save(path, **({"format": "TIFF"} if path.suffix.lower().startswith(".tif") else {}))


def text(path, words):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words)


def jaffe(root):
    for i, code in enumerate(["AN", "DI", "FE", "HA", "SA", "SU"]):
        save(root / f"KA.{code}1.{i}.tiff", palette=i % 2 == 0)
        save(root / f"KM.{code}1.{i + 10}.jpg")
        save(root / f"KR.{code}1.{i + 20}.PNG")
    return 18, ["jaffe:{}"]


def kdef(root):
    for code in ["AF", "AN", "DI", "HA", "SA", "SU"]:
        save(root / f"AF01/AF01{code}S.JPG")
        save(root / f"AM02/am02{code.lower()}s.png")
    return 12, ["kdef:{}"]


def rafd(root):
    for word in ["angry", "disgusted", "fearful", "happy", "sad", "surprised"]:
        save(root / f"Rafd090_01_Caucasian_female_{word}_frontal.JPG")
        save(root / f"Rafd090_02_Caucasian_male_{word}_left.png")
    return 12, ["rafd:{}"]


def oulu(root):
    for person in ["P001", "P002"]:
        for word in ["Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise"]:
            for frame in range(4):
                save(root / f"OriginalImg/VL/Strong/{person}/{word}/{frame:03}.{'jpeg' if person == 'P001' else 'PNG'}")
    return 36, ["oulu:{}"]


def oulu_with_neutral(root):
    oulu(root)
    return 48, ["oulu:{}", "--neutral-frames", "1", "--expressions", ",".join([*SIX, "neutral"])]


def ckplus48_in_its_archive(root):
    for i, name in enumerate(["anger", "disgust", "fear", "happy", "sadness", "surprise"]):
        for frame in range(3):
            save(root / f"CK+48/{name}/S{i:03}_001_{frame:08}.png")
    text(root / "__MACOSX/CK+48/anger/._S000_001_00000000.png", "resource fork")
    return 18, ["ckplus48:{}"]


def ckextended(root):
    rows = [f"{label},{' '.join(map(str, pixels().ravel()))},Training" for label in range(8)]
    text(root / "ckextended.csv", "emotion,pixels,Usage\n" + "\n".join(rows) + "\n")
    return 6, ["ckplus48:{}/ckextended.csv"]


def rafdb_of_lists(root):
    lines = []
    for label in range(1, 8):
        save(root / f"basic/Image/aligned/train_0000{label}_aligned.jpg")
        lines.append(f"train_0000{label}.jpg {label}")
    text(root / "basic/EmoLabel/list_patition_label.txt", "\n".join(lines) + "\n")
    return 6, ["rafdb:{}"]


def rafdb_of_csv(root):
    for part in ["train", "test"]:
        rows = []
        for label in range(1, 8):
            name = f"{part}_0000{label}_aligned.jpg"
            save(root / f"DATASET/{part}/{label}/{name}")
            rows.append(f"{name},{label}")
        text(root / f"{part}_labels.csv", "image,label\n" + "\n".join(rows) + "\n")
    return 12, ["rafdb:{}"]


def fer2013_of_tables(root):
    rows = [f"{label},{' '.join(map(str, pixels().ravel()))}" for label in range(7)]
    text(root / "train.csv", "emotion,pixels\n" + "\n".join(rows) + "\n")
    text(root / "test.csv", "pixels\n" + " ".join(map(str, pixels().ravel())) + "\n")
    return 6, ["fer2013:{}"]


def fer2013_in_folders(root):
    for part, prefix in [("train", "Training"), ("validation", "PublicTest"), ("test", "PrivateTest")]:
        for i, name in enumerate(["angry", "disgusted", "fearful", "happy", "sad", "surprised", "neutral"]):
            save(root / f"{part}/{name}/{prefix}_{i + 1}.jpg")
    return 18, ["fer2013:{}"]


def ferplus(root):
    usage = ["Training"] * 8
    rows = [f"0,{' '.join(map(str, pixels().ravel()))},{part}" for part in usage]
    text(root / "fer2013.csv", "emotion,pixels,Usage\n" + "\n".join(rows) + "\n")
    head = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    votes = []
    for i, part in enumerate(usage):
        counts = [0] * 10
        counts[i % 10] = 8
        counts[(i + 1) % 10] = 2
        votes.append(f"{part},fer{i:07}.png," + ",".join(map(str, counts)))
    text(root / "fer2013new.csv", head + "\n" + "\n".join(votes) + "\n")
    return 6, ["fer2013:{}/fer2013.csv", "--labels", "{}/fer2013new.csv"]


def affectnet_numbered(root):
    for part in ["train", "val"]:
        for label in range(8):
            save(root / f"{part}/{label}/image{label:07}.jpg")
    return 12, ["affectnet:{}"]


def affectnet_arrays(root):
    for label in range(8):
        save(root / f"train_set/images/{label}.jpg")
        target = root / f"train_set/annotations/{label}_exp.npy"
        target.parent.mkdir(parents=True, exist_ok=True)
        np.save(target, np.array(str(label)))
    return 6, ["affectnet:{}"]


def affectnet_yolo(root):
    names = ["Anger", "Contempt", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise"]
    text(root / "data.yaml", f"train: train/images\nval: valid/images\nnc: 8\nnames: {names}\n")
    for part in ["train", "valid"]:
        for label in range(8):
            save(root / f"{part}/images/face{label}.jpg")
            text(root / f"{part}/labels/face{label}.txt", f"{label} 0.5 0.5 0.9 0.9\n")
    return 12, ["affectnet:{}"]


def affectnet_hq(root):
    rows = []
    for i, name in enumerate(["anger", "disgust", "fear", "happy", "sad", "surprise", "neutral"]):
        save(root / f"{name}/image{i:07}.jpg")
        rows.append(f"{i},{name}/image{i:07}.jpg,{name},0.9")
    text(root / "labels.csv", ",pth,label,relFCs\n" + "\n".join(rows) + "\n")
    return 6, ["affectnet-hq:{}"]


def expressions_above_persons(root):
    for name in HAPPY.values():
        for person in ["001", "002", "003"]:
            save(root / f"{name}/{person}/a.png")
    return 18, ["folder:{}"]


def persons_above_expressions(root):
    for person in ["001", "002", "003"]:
        for name in HAPPY.values():
            for take in range(2):
                save(root / f"export/{person}/{name}/{take}.png")
    text(root / "export/001/Angry/@eaDir/0.png/SYNOPHOTO_THUMB.jpg", "thumbnail")
    text(root / "export/.DS_Store", "")
    return 36, ["folder:{}"]


def image_folder_of_csv(root):
    rows = []
    for i, name in enumerate(SIX):
        save(root / f"train/{i}.png")
        rows.append(f"{i}.png,{name}")
    text(root / "train/metadata.csv", "file_name,label\n" + "\n".join(rows) + "\n")
    return 6, ["folder:{}"]


def image_folder_of_jsonl(root):
    lines = []
    for i, name in enumerate(SIX):
        save(root / f"{i}.png")
        lines.append(json.dumps({"file_name": f"{i}.png", "label": name}))
    text(root / "metadata.jsonl", "\n".join(lines) + "\n")
    return 6, ["folder:{}"]


def parquet_of_pyarrow(root):
    """As pandas writes it, too: snappy, texts in dictionaries."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = []
    for i, name in enumerate(SIX * 2):
        bytes_ = io.BytesIO()
        Image.fromarray(pixels()).save(bytes_, format="PNG")
        rows.append({"image": {"bytes": bytes_.getvalue(), "path": f"{i}.png"}, "label": name, "subject": f"s{i // 6}"})
    target = root / "data/train-00000-of-00001.parquet"
    target.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), target)
    return 12, ["hf:{}"]


def stargan_sheets(root):
    for sheet in range(2):
        path = root / f"{sheet + 1}-images.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (3 * 48, 7 * 48), dtype=np.uint8)).save(path)
    return 36, ["folder:{}", "--grid", "7", "--provenance", "generated"]


LAYOUTS = [
    jaffe, kdef, rafd, oulu, oulu_with_neutral, ckplus48_in_its_archive, ckextended, rafdb_of_lists, rafdb_of_csv,
    fer2013_of_tables, fer2013_in_folders, ferplus, affectnet_numbered, affectnet_arrays, affectnet_yolo, affectnet_hq,
    expressions_above_persons, persons_above_expressions, image_folder_of_csv, image_folder_of_jsonl, parquet_of_pyarrow,
    stargan_sheets,
]  # fmt: skip


def run(howfar, arguments):
    done = subprocess.run([howfar, "prepare", *arguments, "--json"], capture_output=True, text=True)
    try:
        return done, json.loads(done.stdout)
    except json.JSONDecodeError:
        return done, {}


def main():
    out, howfar = Path(sys.argv[1]), sys.argv[2]
    out.mkdir(parents=True)
    n_wrong = 0
    print(f"{'layout':27} {'made':>5} {'dry run':>8} {'in the set':>11}")
    for layout in LAYOUTS:
        root = out / layout.__name__
        n_made, arguments = layout(root)
        arguments = [argument.format(root) for argument in arguments]
        dry, understood = run(howfar, [*arguments, "--dry-run"])
        written, report = run(howfar, [*arguments, "--detect", "none", "--out", str(out / "faces" / layout.__name__)])
        n_understood = sum(c["pictures"] for s in understood.get("sources", []) for c in s["classes"] if c["wanted"])
        counts = n_understood, report.get("n_faces")
        is_right = counts == (n_made, n_made) and dry.returncode == 0 and written.returncode == 0
        print(f"{layout.__name__:27} {n_made:>5} {str(counts[0]):>8} {str(counts[1]):>11}{'' if is_right else '  WRONG'}")
        if not is_right:
            n_wrong += 1
            print(dry.stderr + written.stderr)
    sys.exit(n_wrong > 0)


if __name__ == "__main__":
    main()
