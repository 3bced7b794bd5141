"""Prints how the difference in expected calibration error behaves in simulated studies: its mean, and how often its
95 % interval holds that mean (docs/protocol.md, In detail).

Run: python reference/calibration_simulation.py     (needs scipy and numpy; takes a minute)

A face is right with a probability of its own, from 0.45 to 0.95, to which people (±10 points), people × treatment (±5)
and runs (±4) add; a network finds it as probable as that, and too probable by some points in one treatment or both.
"""

import numpy as np
from interval_statistics import variance
from scipy import stats

N_BINS, N_STUDIES = 15, 600
# (people, seeds, faces a person), (too probable by: without, with)
SIZES = ((12, 5, 6), (30, 5, 6), (100, 5, 6), (100, 10, 10))
TOO_SURE = ((0, 0), (0.1, 0), (0.05, 0.05))


def parts(confidence, right, person, n_people):
    """What each person adds to the error, times the people: as howfar does it."""
    bounds = np.percentile(confidence, np.linspace(0, 1, N_BINS + 1)[1:-1] * 100)
    bins = np.searchsorted(bounds, confidence)
    gaps = confidence - right
    signs = np.sign(np.bincount(bins, gaps, N_BINS))
    return np.bincount(person, gaps * signs[bins], n_people) / confidence.size * n_people


def interval(table):
    n_units, n_seeds = table.shape
    mean, units, seeds = table.mean(), table.mean(axis=1), table.mean(axis=0)
    residual = ((table - units[:, None] - seeds + mean) ** 2).sum() / ((n_units - 1) * (n_seeds - 1))
    squares = n_seeds * units.var(ddof=1), n_units * seeds.var(ddof=1)
    used, df = variance(squares[0], n_units - 1, squares[1], n_seeds - 1, residual, (n_units - 1) * (n_seeds - 1))
    half = stats.t.ppf(0.975, df) * np.sqrt(used / table.size)
    return mean, mean - half, mean + half


def study(random, n_people, n_seeds, n_faces, too_sure):
    person = np.repeat(np.arange(n_people), n_faces)
    base, mixed = random.uniform(-0.1, 0.1, n_people)[person], random.uniform(-0.05, 0.05, n_people)[person]
    face = random.uniform(0.45, 0.95, person.size)
    table = np.zeros((n_people, n_seeds))
    for seed in range(n_seeds):
        for treatment, sign in ((0, -1), (1, 1)):
            chance = np.clip(face + base + treatment * mixed + random.uniform(-0.04, 0.04), 0, 1)
            confidence = np.clip(face + random.normal(0, 0.03, person.size) + too_sure[treatment], 0, 1)
            right = (random.random(person.size) < chance).astype(float)
            table[:, seed] += sign * parts(confidence, right, person, n_people)
    return interval(table)


def main():
    random = np.random.default_rng(1)
    for size in SIZES:
        for too_sure in TOO_SURE:
            found = np.array([study(random, *size, too_sure) for _ in range(N_STUDIES)])
            mean = found[:, 0].mean()
            held = ((found[:, 1] <= mean) & (mean <= found[:, 2])).mean()
            print(f"people × seeds × faces {size}, too sure by {too_sure}: mean {100 * mean:.1f} points, held {held:.3f}")


if __name__ == "__main__":
    main()
