"""Writes predictions_table.csv and predictions_table.json: classifiers of scikit-learn outside any study of howfar.

Run: python reference/predictions_table.py     (needs scikit-learn, scipy and numpy; versions are written into the file)

The table: logistic regressions on measurements of made people, on labelled people alone and on them with k times as
many generated people, three seeds each, asked about validation and test people of the same kind and about another one.
The figures: accuracy, choice of k, differences and intervals, computed from the rows of that table with NumPy alone by
the formulas of docs/protocol.md, by none of howfar's code.
"""

import csv
import json
import platform
from collections import defaultdict
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.linear_model import LogisticRegression

CLASSES = ("calm", "joy", "rage")
N_MEASURES = 12
KS = (1, 2, 4)
N_SEEDS = 3


def people(random, names, spread, shift, n_faces):
    """Measurements of faces: a mean for each class, moved by who it is. Not everybody has as many faces."""
    means = np.random.default_rng(3).normal(0, 0.7, (len(CLASSES), N_MEASURES)) + shift
    faces = []
    for i, name in enumerate(names):
        own = random.normal(0, spread, N_MEASURES)
        for label, mean in enumerate(means):
            for face in range(n_faces + (i + label) % 2):
                values = mean + own + random.normal(0, 1, N_MEASURES)
                faces.append((name, f"{name} {CLASSES[label]} {face}", label, values))
    return faces


def cells():
    random = np.random.default_rng(20261130)

    def named(what, n):
        return [f"{what}{i}" for i in range(n)]

    lab = {
        "training": people(random, named("t", 5), 0.8, 0.0, 2),
        "validation": people(random, named("v", 8), 0.8, 0.0, 2),
        "test": people(random, named("q", 9), 0.8, 0.0, 2),
    }
    street = people(random, named("s", 11), 0.8, 0.15, 2)
    generated = people(random, named("g", 40), 0.9, 0.05, 3)
    names = sorted({face[0] for face in generated})
    for seed in range(N_SEEDS):
        drawn = np.random.default_rng(seed).permutation(len(names))
        for k in (0, *KS):
            used = {names[i] for i in drawn[: 5 * k]}
            trained = lab["training"] + [face for face in generated if face[0] in used]
            # A seed is another sample of the labelled faces, too.
            kept = np.random.default_rng(100 + seed).random(len(trained)) < 0.8
            chosen = [face for face, keep in zip(trained, kept) if keep]
            model = LogisticRegression(C=0.3, max_iter=2000, random_state=seed)
            model.fit(np.stack([face[3] for face in chosen]), [face[2] for face in chosen])
            asked = [("training", "lab", lab["training"]), ("validation", "lab", lab["validation"])]
            asked += [("test", "lab", lab["test"]), ("unseen", "street", street)]
            for part, name, faces in asked:
                probabilities = model.predict_proba(np.stack([face[3] for face in faces]))
                for (person, face, label, _), said in zip(faces, probabilities):
                    yield k, seed, part, name, face, person, CLASSES[label], said


def write(path):
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["arm", "k", "seed", "split", "part", "set", "face", "person", "true"] + [f"p_{c}" for c in CLASSES])
        for k, seed, part, name, face, person, true, said in cells():
            arm = "mix" if k else "real"
            table.writerow([arm, k, seed, 0, part, name, face, person, true] + [f"{p:.4f}" for p in said])


def people_by_seeds(rows, part, k):
    """Each person's share of right faces for each seed: people × seeds."""
    right = defaultdict(list)
    for row in rows:
        if row["part"] == part and float(row["k"]) == k:
            said = [float(row[f"p_{c}"]) for c in CLASSES]
            right[row["person"], int(row["seed"])].append(CLASSES[int(np.argmax(said))] == row["true"])
    names = sorted({person for person, _ in right})
    return np.array([[np.mean(right[name, seed]) for seed in range(N_SEEDS)] for name in names])


def doubt(table):
    """Mean, standard error and degrees of freedom of a table people × seeds, both crossed (docs/protocol.md)."""
    n_people, n_seeds = table.shape
    mean, of_people, of_seeds = table.mean(), table.mean(axis=1), table.mean(axis=0)
    rest = table - of_people[:, None] - of_seeds[None, :] + mean
    df_people, df_seeds = n_people - 1, n_seeds - 1
    df_rest = df_people * df_seeds
    people_square = n_seeds * ((of_people - mean) ** 2).sum() / df_people
    seed_square = n_people * ((of_seeds - mean) ** 2).sum() / df_seeds
    rest_square = (rest**2).sum() / df_rest
    # With fewer than five seeds whatever is above the residual stands out of it.
    assert min(df_people, df_seeds) < 4
    stands_out = people_square > rest_square, seed_square > rest_square
    if all(stands_out):
        used, fewest = people_square + seed_square - rest_square, min(df_people, df_seeds)
        df = used**2 / (people_square**2 / df_people + seed_square**2 / df_seeds + rest_square**2 / df_rest)
        df = max(df * fewest / (fewest + 1), fewest)
    elif stands_out[0]:
        used, df = people_square, df_people
    elif stands_out[1]:
        used, df = seed_square, df_seeds
    else:
        df = df_people + df_seeds + df_rest
        used = (people_square * df_people + seed_square * df_seeds + rest_square * df_rest) / df
    return mean, np.sqrt(used / table.size), df


def figures(rows):
    of_validation = {k: people_by_seeds(rows, "validation", k) for k in (0, *KS)}
    means = {k: table.mean() for k, table in of_validation.items()}
    best = max(means, key=lambda k: (means[k], -k))
    candidates = []
    for k, table in of_validation.items():
        below, error, _ = doubt(of_validation[best] - table) if k != best else (0.0, 0.0, 0)
        adequate = below <= error + 1e-11
        candidates.append(
            {"k": k, "accuracy_percent": 100 * means[k], "below_best_points": 100 * below, "error_points": 100 * error, "adequate": bool(adequate)}
        )
    chosen = min(c["k"] for c in candidates if c["adequate"])
    claims = {}
    for part in ("test", "unseen"):
        baseline, mix = people_by_seeds(rows, part, 0), people_by_seeds(rows, part, chosen)
        mean, error, df = doubt(mix - baseline)
        half = stats.t.ppf(0.975, df) * error
        claims[part] = {
            "baseline_accuracy_percent": 100 * baseline.mean(),
            "accuracy_percent": 100 * mix.mean(),
            "difference_points": 100 * mean,
            "standard_error_points": 100 * error,
            "degrees_of_freedom": df,
            "interval_points": [100 * (mean - half), 100 * (mean + half)],
            "p": 2 * stats.t.sf(abs(mean) / error, df),
            "n_people": len(baseline),
            "n_faces": sum(row["part"] == part and row["k"] == "0" and row["seed"] == "0" for row in rows),
        }
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=int)
    for row in rows:
        if row["part"] == "test" and float(row["k"]) == chosen:
            said = int(np.argmax([float(row[f"p_{c}"]) for c in CLASSES]))
            confusion[CLASSES.index(row["true"]), said] += 1
    return {"best": best, "chosen": chosen, "candidates": candidates, "claims": claims, "confusion_of_test": confusion.tolist()}


def main():
    path = Path(__file__).with_suffix(".csv")
    write(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
    text = json.dumps({"versions": versions, **figures(rows)}, indent=1)
    path.with_suffix(".json").write_text(text + "\n")


if __name__ == "__main__":
    main()
