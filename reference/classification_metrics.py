"""Writes classification_metrics.json: scikit-learn's figures for seeded tables of labels and predictions.

Run: python reference/classification_metrics.py     (needs scikit-learn and numpy; versions are written into the file)

The labels and predictions are stored beside the figures, so that the Rust tests read the very same tables.
"""

import json
import platform
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics


def table(name, n_classes, labels, predicted):
    """One case. Per-class figures cover all study classes; macro precision and F1 those in truth or prediction (the default); macro
    recall those in truth alone (balanced accuracy)."""
    per_class = metrics.precision_recall_fscore_support(
        labels, predicted, labels=range(n_classes), average=None, zero_division=0
    )
    return {
        "name": name,
        "n_classes": n_classes,
        "labels": labels.tolist(),
        "predicted": predicted.tolist(),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=range(n_classes)).tolist(),
        "precision": per_class[0].tolist(),
        "recall": per_class[1].tolist(),
        "f1": per_class[2].tolist(),
        "support": [int(n) for n in per_class[3]],
        "macro_precision": metrics.precision_score(labels, predicted, average="macro", zero_division=0),
        **{name: measure(labels, predicted) for name, measure in MEASURES.items()},
    }


def balanced_accuracy(labels, predicted):
    with warnings.catch_warnings():
        # It warns of classes that are predicted and not there; leaving these out is what it is for.
        warnings.simplefilter("ignore", UserWarning)
        return metrics.balanced_accuracy_score(labels, predicted)


# Every measure of howfar by its name in files, in scikit-learn's words; check_predictions.py takes them from here.
MEASURES = {
    "accuracy": metrics.accuracy_score,
    "macro_recall": balanced_accuracy,
    "macro_f1": lambda labels, predicted: metrics.f1_score(labels, predicted, average="macro", zero_division=0),
}


def cases():
    random = np.random.default_rng(20240901)
    labels = random.integers(0, 6, 400)
    predicted = np.where(random.random(400) < 0.6, labels, random.integers(0, 6, 400))
    yield table("six classes, most right", 6, labels, predicted)
    labels = random.choice(7, 300, p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.02, 0.0])
    yield table("unequal classes, one in neither", 7, labels, random.choice([0, 1, 2], 300))
    labels = random.integers(0, 4, 120)
    yield table("two classes predicted that are not there", 6, labels, random.integers(0, 6, 120))
    labels = random.integers(0, 3, 60)
    five = np.repeat(np.arange(5), 12)
    yield table("all right but one, which is called a class that is not there", 6, five, np.where(np.arange(60) == 59, 5, five))
    yield table("everything called one class", 3, labels, np.full(60, 1))
    yield table("everything right", 3, labels, labels)
    yield table("one face, wrong", 2, np.array([0]), np.array([1]))


def main():
    versions = {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__}
    out = Path(__file__).with_suffix(".json")
    out.write_text(json.dumps({"versions": versions, "cases": list(cases())}, indent=1) + "\n")


if __name__ == "__main__":
    main()
