"""Histograms of oriented gradients (Dalal and Triggs, 2005) and a linear support vector machine.

`[train] command = ["python", "sklearn_hog.py"]`, with `budget = "epochs"`: it knows no epochs. Validation people choose
how far the machine is held back (C). Needs numpy, scikit-learn and howfar.
"""

import howfar
import numpy as np
from sklearn.svm import LinearSVC

CELL, BINS = 8, 9


def gradients(pictures):
    """For each cell of 8 × 8 pixels how strong the edges of each direction are; blocks of 2 × 2 cells have length 1."""
    gray = pictures.mean(axis=-1)
    down, right = np.gradient(gray, axis=(1, 2))
    strength = np.hypot(down, right)
    direction = (np.arctan2(down, right) % np.pi * (BINS / np.pi)).astype(int) % BINS
    n, side = len(gray), gray.shape[1] // CELL
    cells = np.zeros((n, side, side, BINS))
    for bin_ in range(BINS):
        of_bin = np.where(direction == bin_, strength, 0)[:, : side * CELL, : side * CELL]
        cells[..., bin_] = of_bin.reshape(n, side, CELL, side, CELL).sum(axis=(2, 4))
    blocks = np.concatenate([cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]], axis=-1)
    blocks /= np.linalg.norm(blocks, axis=-1, keepdims=True) + 1e-3
    return blocks.reshape(n, -1)


def scores(machine, features, n_classes):
    """How far on its side of the border of each class a face is; a class that nobody trains is last everywhere."""
    margins = machine.decision_function(features)
    if margins.ndim == 1:  # Two classes have one border.
        margins = np.stack([-margins, margins], axis=1)
    every = np.full((len(features), n_classes), margins.min() - 1)
    every[:, machine.classes_] = margins
    return every


job = howfar.trainer.job()
pictures, labels, weights = job.arrays("training")
altered = job.changed()
pictures[altered] = howfar.trainer.alter(pictures[altered], job.seed)
features = gradients(pictures)
asked = job.arrays("validation")
asked_features = gradients(asked.pictures)

best, machine = -1.0, None
for step, c in enumerate((0.001, 0.01, 0.1, 1.0), 1):
    tried = LinearSVC(C=c, random_state=job.seed).fit(features, labels, sample_weight=weights)
    right = float((tried.predict(asked_features) == asked.labels).mean())
    job.progress(step=step, steps=4)
    if right > best:
        best, machine = right, tried

to_predict = gradients(job.arrays("predict").pictures)
job.write(scores(machine, to_predict, len(job.classes)), logits=True)
