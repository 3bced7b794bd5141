"""Recomputes the figures of a study from its prediction files with scikit-learn and compares them with results.json.

Run: python reference/check_predictions.py STUDY_FOLDER     (needs pyarrow, scikit-learn and numpy)

Reads runs/<cell>/run.json ({"cell": {...}}), runs/<cell>/predictions.parquet and unseen-<set>.parquet (part, set, row, subject,
label, probabilities; sets go by the first 16 digits of their content's hash) and results.json. Compared: every row of the table
(macro recall is balanced accuracy), every confusion matrix with precision, recall and F1 per class, the validation accuracy of
every k, and accuracy and difference of every claim (means over people of each person's mean, paired by face). Prints what
differs by more than 1e-6 and exits with 1 then.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn import metrics

from classification_metrics import MEASURES

TOLERANCE = 1e-6


# Percentages of a row of the table that are no measures.
NOT_MEASURES = ("people", "accuracy_interval")


class Report:
    def __init__(self):
        self.n_compared = 0
        self.differences = []

    def compare(self, what, ours, reference):
        ours, reference = np.asarray(ours, dtype=float), np.asarray(reference, dtype=float)
        self.n_compared += reference.size
        if ours.shape != reference.shape or not np.all(np.abs(ours - reference) <= TOLERANCE):
            self.differences.append(f"{what}: results.json has {ours.tolist()}, scikit-learn {reference.tolist()}")


def network_of(settings):
    """(network, name of the weights it begins with or None)"""
    return settings["network"], (settings.get("start") or {}).get("name")


def treatment(row, prefix=""):
    """What was trained on, as cells, rows and claims say it: (arm, k, percent of the people or 0, source or "")."""
    return (row[f"{prefix}arm"], float(row[f"{prefix}k"]), row.get(f"{prefix}people_percent") or 0,
            row.get(f"{prefix}source") or "")


def set_names(study):
    """{first digits of a set's content hash: its name in the study}"""
    sets = json.loads((study / "results.json").read_text())["study"]["sets"]
    return {one["content_sha256"][:16]: one["name"] for one in sets}


def read_cells(study):
    """{(recipe, network, treatment): {(split, seed): {(part, set): {"label", "predicted", "subject", "face"}}}}"""
    cells, names = defaultdict(dict), set_names(study)
    for file in sorted(study.glob("runs/*/predictions.parquet")):
        cell = json.loads((file.parent / "run.json").read_text())["cell"]
        unseen = [other for other in sorted(file.parent.glob("unseen-*.parquet")) if other.stem[len("unseen-"):] in names]
        tables = [pq.read_table(one).to_pydict() for one in [file, *unseen]]
        columns = {column: sum((table[column] for table in tables), []) for column in tables[0]}
        columns["set"] = [names[content] for content in columns["set"]]
        parts = defaultdict(lambda: {"label": [], "predicted": [], "subject": [], "face": []})
        for i, part in enumerate(columns["part"]):
            # Sets are told apart where they are unseen; the real sets of a study are one.
            faces = parts[part, columns["set"][i] if part == "unseen" else ""]
            faces["label"].append(columns["label"][i])
            faces["predicted"].append(int(np.argmax(columns["probabilities"][i])))
            faces["subject"].append(columns["subject"][i])
            faces["face"].append((columns["set"][i], columns["row"][i]))
        run = cell["split_idx"], cell["seed_idx"]
        group = cells[cell["recipe"], network_of(cell["settings"]), treatment(cell)]
        if run in group:
            sys.exit(f"{file.parent}: a second run of the same cell; remove the stale one")
        group[run] = dict(parts)
    return cells


def check_row(report, recipe, row, runs):
    key = row["part"], row["set"]
    faces = [parts[key] for parts in runs.values() if key in parts]
    name = f"table, {recipe} {treatment(row)} {row['part']} {row['set']}".strip()
    report.compare(f"{name}: cells", row["n_cells"], len(faces))
    if not faces:
        return
    report.compare(f"{name}: faces", row["n_faces"], round(np.mean([len(f["label"]) for f in faces])))
    for key in (key for key in row if key.endswith("_percent") and key[: -len("_percent")] not in NOT_MEASURES):
        measure = MEASURES[key[: -len("_percent")]]
        values = [100 * measure(f["label"], f["predicted"]) for f in faces]
        report.compare(f"{name}: {key}", row[key], np.mean(values))
        if key == "accuracy_percent" and len(values) > 1:
            report.compare(f"{name}: deviation", row["accuracy_sd_points"], np.std(values, ddof=1))


def check_confusion(report, recipe, confusion, runs, n_classes):
    key = confusion["part"], confusion["set"]
    faces = [parts[key] for parts in runs.values() if key in parts]
    labels = np.concatenate([f["label"] for f in faces])
    predicted = np.concatenate([f["predicted"] for f in faces])
    name = f"confusion, {recipe} {treatment(confusion)} {confusion['part']} {confusion['set']}".strip()
    counts = metrics.confusion_matrix(labels, predicted, labels=range(n_classes))
    report.compare(f"{name}: counts", confusion["counts"], counts)
    percent = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    report.compare(f"{name}: percent", confusion["percent"], percent)
    figures = metrics.precision_recall_fscore_support(labels, predicted, labels=range(n_classes), zero_division=0)
    for field, reference in zip(("precision_percent", "recall_percent", "f1_percent"), figures):
        report.compare(f"{name}: {field}", [c[field] for c in confusion["per_class"]], 100 * reference)
    report.compare(f"{name}: support", [c["support"] for c in confusion["per_class"]], figures[3])


def person_means(runs, baseline, key):
    """Mean over people of each one's mean over faces, then seeds and splits: of the arm, and of the baseline."""
    people = defaultdict(lambda: defaultdict(list))
    for run in runs:
        sides = [dict(zip(f["face"], zip(f["subject"], np.equal(f["label"], f["predicted"])))) for f in
                 (runs[run][key], baseline[run][key])]
        by_person = defaultdict(list)
        for face, (subject, right) in sides[0].items():
            by_person[subject].append((right, sides[1][face][1]))
        for subject, pairs in by_person.items():
            people[subject][run[1]].append(np.mean(pairs, axis=0))
    return np.mean([np.mean([np.mean(v, axis=0) for v in seeds.values()], axis=0) for seeds in people.values()], axis=0)


def check_claim(report, recipe, claim, cells):
    key = claim["part"], claim["set"] if claim["part"] == "unseen" else ""
    runs, baseline = cells[treatment(claim)], cells[treatment(claim, "baseline_")]
    arm, base = 100 * person_means(runs, baseline, key)
    name = f"claim, {recipe} {treatment(claim)} against {treatment(claim, 'baseline_')} on {' '.join(key)}".strip()
    report.compare(f"{name}: accuracy", claim["accuracy_percent"], arm)
    report.compare(f"{name}: baseline", claim["baseline_accuracy_percent"], base)
    report.compare(f"{name}: difference", claim["difference_points"], arm - base)


def check_choice(report, recipe, source, choice, cells):
    key = ("validation", "")
    for candidate in choice["candidates"]:
        on_curve = ("real", 0.0, 0, "") if candidate["k"] == 0 else ("mix", float(candidate["k"]), 0, source or "")
        runs = cells[on_curve]
        accuracy = 100 * person_means(runs, runs, key)[0]
        report.compare(f"choice, {recipe} k={candidate['k']}", candidate["validation_accuracy_percent"], accuracy)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    study = Path(sys.argv[1])
    results = json.loads((study / "results.json").read_text())
    all_cells = read_cells(study)
    report = Report()
    n_classes = len(results["study"]["classes"])
    for of_recipe in results["recipes"]:
        recipe, network = of_recipe["recipe"], network_of(of_recipe["settings"])
        sources = ("", of_recipe["source"] or "")
        cells = defaultdict(dict)
        for (its_recipe, its_network, its_treatment), runs in all_cells.items():
            if (its_recipe, its_network) == (recipe, network) and its_treatment[3] in sources:
                cells[its_treatment] = runs
        for row in of_recipe["table"]:
            check_row(report, recipe, row, cells[treatment(row)])
        for confusion in of_recipe["confusions"]:
            check_confusion(report, recipe, confusion, cells[treatment(confusion)], n_classes)
        for claim in of_recipe["claims"] + of_recipe["controls"]:
            check_claim(report, recipe, claim, cells)
        if of_recipe["choice"]:
            check_choice(report, recipe, of_recipe["source"], of_recipe["choice"], cells)
        told = {(treatment(row), row["part"], row["set"]) for row in of_recipe["table"]}
        for of, runs in sorted(cells.items()):
            for key in sorted({key for parts in runs.values() for key in parts}):
                if (of, *key) not in told:
                    report.differences.append(f"{recipe} {of} {' '.join(key)}: not in the table of results.json")
    for difference in report.differences:
        print(difference)
    print(f"{report.n_compared} figures compared, {len(report.differences)} differences")
    sys.exit(1 if report.differences or report.n_compared == 0 else 0)


if __name__ == "__main__":
    main()
