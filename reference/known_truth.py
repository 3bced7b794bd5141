"""Runs whole studies on drawn faces whose truth is known and prints how often the answer was right.

Run: python reference/known_truth.py HOWFAR FOLDER [REPETITIONS]     (HOWFAR: the program; about a minute a repetition on two cores)

Three truths, each repeated with new faces and seeds: 20 labelled drawn identities of the style `studio` of which 12 train, judged by 24
identities of the style `unseen`.
  help     five times as many identities of the same style with their right labels
  useless  the same with labels shuffled among the faces of a class folder at random: they teach nothing
  hurt     identities of the style `wild`, of which two faces in three are filed under the next class
A repetition is right where the answer is a gain, no gain (k = 0 chosen or the difference not significantly different from none), a loss or k = 0 chosen.
"""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

STUDY = """name = "{name}"
seed = {seed}
expressions = ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
[real]
sets = ["real"]
split = {{ train = 12, validation = 6, test = 2 }}
[generated]
sets = ["generated"]
[unseen]
sets = ["unseen"]
[grid]
k = [0, 1, 5]
arms = ["mix"]
seeds = 5
[train]
epochs = 20
"""


def main():
    howfar, place, n = sys.argv[1], Path(sys.argv[2]), int((sys.argv[3:] or ["5"])[0])
    place.mkdir(parents=True, exist_ok=True)
    for truth in ("help", "useless", "hurt"):
        verdicts = [repetition(howfar, place / f"{truth}-{i}", truth, i) for i in range(n)]
        print(f"{truth}: right in {sum(right for right, _ in verdicts)} of {n}")
        for _, words in verdicts:
            print(f"  {words}", flush=True)


def call(*arguments):
    subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def draw(howfar, out, people, style, seed):
    call(howfar, "draw", "--people", people, "--style", style, "--seed", seed, "--name", out.name, "--out", out, "--quiet")


def repetition(howfar, folder, truth, i):
    if not (folder / "study" / "results.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        seed = 1000 * (i + 1)
        draw(howfar, folder / "real", 20, "studio", seed)
        draw(howfar, folder / "unseen", 24, "unseen", seed + 1)
        draw(howfar, folder / "drawn", 60, "wild" if truth == "hurt" else "studio", seed + 2)
        generate(howfar, folder, truth, random.Random(seed))
        (folder / "study.toml").write_text(STUDY.format(name=truth, seed=seed))
        call(howfar, "run", folder / "study.toml", "--out", folder / "study", "--quiet")
    return judged(json.loads((folder / "study" / "results.json").read_text()), truth)


def generate(howfar, folder, truth, rng):
    """The drawn faces, filed under other classes where the truth asks for it."""
    if truth == "help":
        (folder / "drawn").rename(folder / "generated")
        return
    call(howfar, "export-faces", folder / "drawn", "--as", "folder", "--out", folder / "files")
    faces = sorted((folder / "files").glob("*/*.png"))
    classes = sorted({face.parent.name for face in faces})
    labels = [face.parent.name for face in faces]
    if truth == "useless":
        rng.shuffle(labels)
    else:
        labels = [classes[(classes.index(label) + (i % 3 > 0)) % len(classes)] for i, label in enumerate(labels)]
    for face, label in zip(faces, labels):
        target = folder / "refiled" / label / f"{face.parent.name}-{face.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        face.rename(target)
    pattern = r"[a-z]+-(?<person>.+?__\d+)__"
    call(howfar, "prepare", f"folder:{folder / 'refiled'}", "--detect", "none", "--align", "none", "--subject-pattern", pattern,
         "--out", folder / "generated", "--quiet")


def judged(results, truth):
    recipe = results["recipes"][0]
    claim = next(c for c in recipe["claims"] if c["part"] == "unseen")
    chosen = recipe["choice"]["chosen"]
    # No interval with one person or one seed: it then excludes nothing.
    low, high = claim["interval_points"] or [-100, 100]
    gain = low > 0 and claim["p_holm"] < 0.05 and chosen > 0
    loss = high < 0 and claim["p_holm"] < 0.05
    right = {"help": gain, "useless": not gain, "hurt": chosen == 0 or loss}[truth]
    words = f"k = {chosen:g} chosen; at k = {claim['k']:g} {claim['difference_points']:+.1f} points ({low:+.1f} to {high:+.1f})"
    return right, words + ("" if right else "  WRONG")


if __name__ == "__main__":
    main()
