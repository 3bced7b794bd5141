"""Writes generator_distances.json: distances between sets of feature rows, by NumPy, SciPy and scikit-learn.

Run: python reference/generator_distances.py     (versions are written into the file)

The rows are stored beside the figures. The formulas are written here from the papers (Heusel 2017, Binkowski 2018, Kynkaanniemi 2019,
Naeem 2020); the trace of the root of C1 C2 comes from eigenvalues of the product, and is checked against the root of the matrix
where there are more faces than features (SciPy warns once: a feature that is always 0 makes a covariance singular).
"""

import json
import platform
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import linalg
from sklearn.metrics.pairwise import euclidean_distances, polynomial_kernel
from sklearn.neighbors import NearestNeighbors

K = 5


def frechet(a, b):
    # Eigenvalues of C1 C2 = those of (X Y')(X Y')' for centred, scaled rows; their roots are singular values.
    x, y = [(s - s.mean(0)) / np.sqrt(len(s) - 1) for s in (a, b)]
    mixed = linalg.svdvals(x @ y.T).sum()
    distance = ((a.mean(0) - b.mean(0)) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * mixed
    if min(len(a), len(b)) > 2 * a.shape[1]:
        c1, c2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
        root = np.trace(linalg.sqrtm(np.atleast_2d(c1) @ np.atleast_2d(c2))).real
        assert abs(root - mixed) < 1e-9 * mixed, (root, mixed)
    return distance


def kernel(a, b):
    gram = lambda x, y: polynomial_kernel(x, y, degree=3, gamma=1 / x.shape[1], coef0=1)
    within = lambda x: (gram(x, x).sum() - np.trace(gram(x, x))) / (len(x) * (len(x) - 1))
    return within(a) + within(b) - 2 * gram(a, b).mean()


def overlap(generated, real):
    def radii(x):
        return NearestNeighbors(n_neighbors=K + 1, algorithm="brute").fit(x).kneighbors(x)[0][:, K]

    between = euclidean_distances(real, generated)
    in_real, in_generated = between <= radii(real)[:, None], between <= radii(generated)[None, :]
    return {
        "precision": in_real.any(0).mean(),
        "recall": in_generated.any(1).mean(),
        "density": in_real.sum(0).mean() / K,
        "coverage": in_real.any(1).mean(),
    }


def case(name, generated, real):
    generated, real = generated.round(4), real.round(4)
    figures = {"frechet": frechet(generated, real), "kernel": kernel(generated, real), **overlap(generated, real)}
    figures = {key: float(value) for key, value in figures.items()}
    return {"name": name, "generated": generated.tolist(), "real": real.tolist(), **figures}


def cases():
    random = np.random.default_rng(20261126)
    normal = lambda n, d: random.standard_normal((n, d))
    yield case("one kind", normal(60, 4), normal(50, 4))
    mix = normal(5, 5)
    yield case("moved and stretched", normal(70, 5) @ mix + 0.7, normal(40, 5))
    yield case("fewer faces than features", normal(9, 24), 1.3 * normal(12, 24) + 0.2)
    yield case("more generated than features, fewer real", normal(40, 17) * 0.5, normal(11, 17))
    relu = lambda x: np.maximum(x, 0)
    yield case("features with zeros", relu(normal(50, 12) - 0.5), relu(normal(50, 12) - 0.3) * (np.arange(12) > 2))
    yield case("far apart", normal(20, 3), normal(20, 3) + 30)
    yield case("a few of the modes", 0.1 * normal(30, 2), 0.1 * normal(40, 2) + 3 * random.integers(0, 2, (40, 1)))
    yield case("one feature", normal(25, 1), 2 * normal(35, 1) + 0.5)


def identity(name, rows, owners, classes):
    rows, owners, classes = rows.round(4), np.array(owners), np.array(classes)
    rest = rows.copy()
    for c in set(classes.tolist()):
        rest[classes == c] -= rows[classes == c].mean(0)
    nearest = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(rest).kneighbors(rest)[1][:, 1]
    alike = owners[:, None] == owners[None, :]
    n = len(rows)
    return {
        "name": name,
        "features": rows.tolist(),
        "owners": owners.tolist(),
        "classes": classes.tolist(),
        "kept_percent": float(100 * (owners == owners[nearest]).mean()),
        "chance_percent": float(100 * (alike.sum() - n) / (n * (n - 1))),
    }


def identities():
    random = np.random.default_rng(20261127)
    normal = lambda n, d: random.standard_normal((n, d))
    people, shown = np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12)
    yield identity("people far apart", normal(12, 6)[people] + 0.2 * normal(48, 6), people, shown)
    strong = 4 * normal(4, 6)[shown]
    yield identity("expressions louder than people", normal(12, 6)[people] + strong + 0.3 * normal(48, 6), people, shown)
    yield identity("nobody is anybody", normal(48, 6), people, shown)
    some = np.array([0, 0, 0, 1, 2, 2, 3, 4, 4, 4, 4])
    yield identity("unequal counts", normal(5, 3)[some] + 0.5 * normal(11, 3), some, random.integers(0, 2, 11))


def main():
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
    out = Path(__file__).with_suffix(".json")
    out.write_text(json.dumps({"versions": versions, "cases": list(cases()), "identities": list(identities())}) + "\n")


if __name__ == "__main__":
    main()
