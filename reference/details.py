"""Writes details.json: scikit-learn's, SciPy's and statsmodels' figures for what stands behind a difference.

Run: python reference/details.py     (needs scikit-learn, scipy, statsmodels and numpy; versions are written into the file)

Two treatments, a few seeds, people with unequal numbers of faces; the probabilities are stored beside the figures, so
that the Rust tests read the very same ones. A mean over people of each one's mean is a mean over faces weighted by one
over the person's number of faces; that is how scikit-learn is asked for it.
"""

import json
import platform
from pathlib import Path

import numpy as np
import scipy
import sklearn
import statsmodels
from interval_statistics import residual_sum, variance
from scipy import stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from statsmodels.stats.multitest import multipletests

N_BINS = 15


def study(random, n_people, n_seeds, n_classes):
    """Faces of people, and the probabilities that the networks of both treatments give, [treatment, seed, face, class]."""
    n_faces = random.integers(2, 6, n_people)
    # See `expected_calibration_error`.
    while np.gcd(n_faces.sum() - 1, N_BINS) > 1:
        n_faces[-1] += 1
    person = np.repeat(np.arange(n_people), n_faces)
    # The last class is one that only some people have.
    label = np.array([random.integers(0, n_classes - (p % 3 == 0)) for p in person])
    group = np.where(person % 4 == 0, "b", "a")
    scores = random.normal(0, 1, (2, n_seeds, person.size, n_classes))
    scores += 1.2 * np.eye(n_classes)[label] * np.array([1.0, 1.5])[:, None, None, None]
    scores += 0.4 * np.eye(n_classes)[label] * random.normal(0, 1, n_people)[person][:, None]
    probabilities = np.exp(2 * scores) / np.exp(2 * scores).sum(axis=-1, keepdims=True)
    probabilities = probabilities.astype(np.float32)
    # One that is sure and wrong: its logarithm stops at the floor.
    probabilities[0, 0, 0] = np.eye(n_classes)[(label[0] + 1) % n_classes]
    return person, label, group, probabilities


def of_each_person(person):
    """One over the number of faces of a face's person."""
    return 1 / np.bincount(person)[person]


def expected_calibration_error(confidence, right):
    # Else a bound is one of the confidences, and NumPy's rounding of the quantile decides on which side that face is;
    # ours is in whole numbers there.
    assert np.gcd(confidence.size - 1, N_BINS) == 1
    edges = np.percentile(confidence, np.linspace(0, 1, N_BINS + 1) * 100)
    n_in_bin = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=N_BINS)
    share_right, mean_confidence = calibration_curve(right, confidence, n_bins=N_BINS, strategy="quantile")
    return float((n_in_bin[n_in_bin > 0] / confidence.size * np.abs(share_right - mean_confidence)).sum())


def crossed(table):
    """Mean, 95 % interval and p of people × seeds, by least squares on dummy variables."""
    values = table.ravel()
    unit, seed = (axis.ravel() for axis in np.indices(table.shape))
    df_units, df_seeds = (n - 1 for n in table.shape)
    both = residual_sum(values, (unit, seed))
    ms_units = (residual_sum(values, (seed,)) - both) / df_units
    ms_seeds = (residual_sum(values, (unit,)) - both) / df_seeds
    used, df = variance(ms_units, df_units, ms_seeds, df_seeds, both / (df_units * df_seeds), df_units * df_seeds)
    error = np.sqrt(used / values.size)
    half = stats.t.ppf(0.975, df) * error
    mean = values.mean()
    return {"difference": mean, "interval": [mean - half, mean + half], "p": 2 * stats.t.sf(abs(mean) / error, df)}


def over_people(values, person):
    """[seed, face] -> [person, seed]: each person's mean."""
    return np.stack([values[:, person == p].mean(axis=1) for p in np.unique(person)])


def shares(person, label, right, among):
    """The paired difference in the share of right faces, among some faces."""
    each = [over_people(right[t][:, among], person[among]) for t in range(2)]
    weights = of_each_person(np.unique(person[among], return_inverse=True)[1])
    all_right = np.ones(among.sum())
    theirs = [
        np.mean([metrics.accuracy_score(all_right, of_seed[among], sample_weight=weights) for of_seed in right[t]])
        for t in range(2)
    ]
    np.testing.assert_allclose([np.mean(each[t]) for t in range(2)], theirs)
    return {
        "baseline": theirs[0],
        "value": theirs[1],
        "n_people": int(np.unique(person[among]).size),
        "n_faces": int(among.sum()),
        **crossed(each[1] - each[0]),
    }


def with_holm(all_shares):
    corrected = multipletests([share["p"] for share in all_shares], method="holm")[1]
    return [{**share, "p_holm": float(p)} for share, p in zip(all_shares, corrected)]


def balanced_accuracies(person, label, called):
    """Mean over classes of the weighted recall: scikit-learn's balanced accuracy, mean over seeds."""
    own = np.unique(np.stack([person, label]), axis=1, return_inverse=True)[1]
    weights = of_each_person(own)
    return [
        float(np.mean([metrics.balanced_accuracy_score(label, seed, sample_weight=weights) for seed in of_treatment]))
        for of_treatment in called
    ]


def calibration(person, label, probabilities, right):
    n_classes = probabilities.shape[-1]
    weights = of_each_person(person)
    classes = np.arange(n_classes)
    eps = np.finfo(np.float32).eps
    of_label = np.take_along_axis(probabilities, label[None, None, :, None], -1)[..., 0]
    losses = -np.log(np.clip(of_label, eps, 1 - eps).astype(float))
    squares = ((probabilities.astype(float) - np.eye(n_classes)[label]) ** 2).sum(axis=-1)
    scores = {
        "log_loss": (losses, lambda p: metrics.log_loss(label, p, labels=classes, sample_weight=weights)),
        "brier": (
            squares,
            lambda p: metrics.brier_score_loss(label, p, labels=classes, sample_weight=weights, scale_by_half=False),
        ),
    }
    found = {}
    for name, (of_faces, of_network) in scores.items():
        each = [over_people(of_faces[t], person) for t in range(2)]
        theirs = [float(np.mean([of_network(p) for p in probabilities[t]])) for t in range(2)]
        np.testing.assert_allclose([np.mean(e) for e in each], theirs, rtol=1e-6)
        found[name] = {"baseline": theirs[0], "value": theirs[1], **crossed(each[1] - each[0])}
    confidence = probabilities.max(axis=-1).astype(float)
    errors = [
        [expected_calibration_error(confidence[t][s], right[t][s]) for s in range(probabilities.shape[1])] for t in range(2)
    ]
    baseline, value = (float(np.mean(of_treatment)) for of_treatment in errors)
    found["calibration_error"] = {"baseline": baseline, "value": value, "difference": value - baseline}
    return found


def improvement(person, right):
    """Mann and Whitney's U over all pairs of seeds, as rliable computes it, and people whose mean rises or falls."""
    each = [over_people(right[t], person) for t in range(2)]
    # Sums of shares are compared as the fractions that they are.
    seeds = [np.round(e.mean(axis=0), 9) for e in each]
    u = stats.mannwhitneyu(seeds[1], seeds[0], alternative="greater").statistic
    gains = np.round((each[1] - each[0]).mean(axis=1), 9)
    return {
        "probability": float(u) / (seeds[0].size * seeds[1].size),
        "rise": float(np.mean(gains > 0)),
        "fall": float(np.mean(gains < 0)),
        "stay": float(np.mean(gains == 0)),
    }


def case(random, n_people, n_seeds, n_classes):
    person, label, group, probabilities = study(random, n_people, n_seeds, n_classes)
    called = probabilities.argmax(axis=-1)
    right = (called == label).astype(float)
    return {
        "person": person.tolist(),
        "label": label.tolist(),
        "group": group.tolist(),
        "probabilities": [[[[float(f"{v:.9g}") for v in f] for f in s] for s in t] for t in probabilities],
        "classes": with_holm([shares(person, label, right, label == c) for c in range(n_classes)]),
        "balanced_accuracies": balanced_accuracies(person, label, called),
        "groups": with_holm([shares(person, label, right, group == g) for g in ("a", "b")]),
        "calibration": calibration(person, label, probabilities, right),
        "improvement": improvement(person, right),
    }


def main():
    random = np.random.default_rng(20261130)
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "statsmodels": statsmodels.__version__,
    }
    cases = [case(random, 12, 4, 4), case(random, 20, 5, 3)]
    Path(__file__).with_suffix(".json").write_text(json.dumps({"versions": versions, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
