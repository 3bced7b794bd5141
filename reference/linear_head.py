"""Writes linear_head.json: multinomial logistic regression by scikit-learn, which `Head` of howfar-train is held against.

Run: python reference/linear_head.py     (needs scikit-learn and numpy; versions are written into the file)
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

random = np.random.default_rng(5)
labels = np.arange(60) % 4
means = random.normal(0, 1.2, (4, 5))
features = np.round(means[labels] + random.normal(0, 1, (60, 5)), 3)
weights = np.where(np.arange(60) % 3 == 0, 0.25, 1.0)
standard = (features - features.mean(axis=0)) / features.std(axis=0)
cases = []
for penalty in (0.001, 0.1):
    # scikit-learn minimises C × the sum of losses + half of the squared weights; howfar the mean loss + penalty ÷ 2 × them.
    machine = LogisticRegression(C=1 / (penalty * weights.sum()), tol=1e-10, max_iter=10_000)
    machine.fit(standard, labels, sample_weight=weights)
    cases.append({"penalty": penalty, "probabilities": np.round(machine.predict_proba(standard), 7).tolist()})
written = {
    "made_by": f"reference/linear_head.py, scikit-learn {sklearn.__version__}, numpy {np.__version__}",
    "features": features.tolist(),
    "labels": labels.tolist(),
    "weights": weights.tolist(),
    "cases": cases,
}
Path(__file__).with_suffix(".json").write_text(json.dumps(written) + "\n")
