"""Runs whole studies on drawn faces whose truth is known and prints how often the answer was right.

Run: python reference/known_truth.py HOWFAR FOLDER [REPETITIONS]     (HOWFAR: the program; two to four minutes a study on two cores that do other work as well)

Three truths, each repeated with new faces and seeds: 20 labelled drawn identities of the style `studio` of which 12 train, judged by 24
identities of the style `unseen`.
  help     five times as many identities of the same style with their right labels
  useless  the same with labels shuffled among the faces of a class folder at random: they teach nothing
  hurt     identities of the style `wild`, of which two faces in three are filed under the next class
A repetition is right where the first sentence says a gain (`helps`), no gain (anything else), a loss (`hurts`) or k = 0 chosen. Gains are over labelled faces
alone for the budget that serves them best.
  abroad   identities of the style `wild` with right labels, which help elsewhere more than at home: what each way to choose k gives away of the best k on the
           unseen database (of its curve, k = 0 being the fair baseline), on validation identities and on 20 others of the style `unseen`, by both rules
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
    abroad = [regrets(howfar, place / f"abroad-{i}", i) for i in range(n)]
    for way in abroad[0] if abroad else []:
        all_points = [each[way] for each in abroad]
        print(f"abroad, chosen on {way}: {sum(all_points) / n:.1f} points below the best, {', '.join(f'{p:.1f}' for p in all_points)}", flush=True)
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


def regrets(howfar, folder, i):
    """Points below the best k on the unseen database, by who chose and by which rule."""
    found = {}
    for on, words in (('"validation"', "validation identities"), ('{ sets = ["choosing"] }', "another database")):
        for rule in ("one-standard-error", "best-mean"):
            if not (folder / "unseen").is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                seed = 1000 * (i + 1)
                draw(howfar, folder / "real", 20, "studio", seed)
                draw(howfar, folder / "generated", 60, "wild", seed + 2)
                draw(howfar, folder / "choosing", 20, "unseen", seed + 3)
                draw(howfar, folder / "unseen", 24, "unseen", seed + 1)
            choose = f"[choose]\non = {on}\nrule = \"{rule}\"\n"
            study = STUDY.format(name="abroad", seed=1000 * (i + 1)).replace("k = [0, 1, 5]", "k = [0, 0.5, 1, 2, 5]")
            (folder / "study.toml").write_text(study + choose)
            call(howfar, "run", folder / "study.toml", "--out", folder / "study", "--quiet")
            recipe = json.loads((folder / "study" / "results.json").read_text())["recipes"][0]
            curve = next(h for h in recipe["how_far"] if h["part"] == "unseen")["curve"]
            gains = {0.0: 0.0} | {point["k"]: point["difference_points"] for point in curve}
            found[f"{words}, {rule}"] = max(gains.values()) - gains[recipe["choice"]["chosen"]]
    return found


def generate(howfar, folder, truth, rng):
    """The drawn faces, filed under other classes where the truth asks for it."""
    if truth == "help":
        (folder / "drawn").rename(folder / "generated")
        return
    call(howfar, "faces", "export", folder / "drawn", "--as", "folder", "--out", folder / "files")
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
    verdict = recipe["verdict"]
    low, high = claim["interval_points"] or [-100, 100]
    right = {"help": verdict == "helps", "useless": verdict != "helps", "hurt": chosen == 0 or verdict == "hurts"}[truth]
    words = f"k = {chosen:g} chosen; at k = {claim['k']:g} {claim['difference_points']:+.1f} points ({low:+.1f} to {high:+.1f})"
    return right, words + ("" if right else "  WRONG")


if __name__ == "__main__":
    main()
