"""Writes law_fit.json: SciPy's fits of the forms of the law of the curve (howfar-evaluate, law/fit.rs).

Run: python reference/law_fit.py     (needs scipy and numpy; versions are written into the file)

scipy.optimize.curve_fit with bounds (trust region reflective), from many starts, the best of them: another algorithm
than ours, which solves for coefficients and looks for shapes on a grid and by Nelder and Mead. Places are x (people)
and z (generated units), both over all training people; errors are shares.
"""

import itertools
import json
import platform
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import curve_fit

Q, EXPONENT, WORTH, COEFFICIENT = (0.03, 30.0), (0.1, 3.0), (0.25, 1.0), (0.0, 1.0)
K = [0, 1, 2, 3, 5, 7, 10, 15, 20]
CURVE = [(1.0, float(k)) for k in K]
PEOPLE = CURVE[:5] + [(0.25, 0.0), (0.5, 0.0), (0.75, 0.0), (0.25, 0.5), (0.5, 1.0), (0.75, 1.5)]
BEYOND = {False: [(1.0, 30.0), (1.0, 40.0)], True: [(1.0, 8.0), (1.2, 2.0)]}


def no_effect(at, a, c, b):
    return a + c * at[0] ** -b


def effective(at, a, c, q, b):
    return a + c * (at[0] + q * at[1]) ** -b


def effective_people(at, a, c, q, b, g):
    return a + c * (at[0] + q * at[1] ** g) ** -b


def mixed(onset):
    def model(at, a, c, d, q, b):
        return a + c * (at[0] + q * at[1]) ** -b + d * (at[1] / (at[1] + onset * at[0])) ** 2

    return model


def own_term(at, a, c, d, q, b, g):
    return a + c * at[0] ** -b + d * (1 + q * at[1]) ** -g


C, THREE = [COEFFICIENT] * 2, [COEFFICIENT] * 3
# Name, form, models with bounds (the best of them), true numbers for the first model, places.
CASES = [
    ("saturating", "effective data", [(effective, C + [Q, EXPONENT])], (0.3, 0.2, 1.0, 1.2), CURVE),
    ("still rising", "effective data", [(effective, C + [Q, EXPONENT])], (0.1, 0.4, 0.5, 0.3), CURVE),
    ("falls after a rise", "mixed share", [(mixed(s), THREE + [Q, EXPONENT]) for s in (1, 5)], (0.3, 0.2, 0.15, 2, 1.5), CURVE),
    ("rises a little", "effective data", [(effective, C + [Q, EXPONENT])], (0.45, 0.03, 1.0, 1.0), CURVE),
    ("people, nothing else", "no effect", [(no_effect, C + [EXPONENT])], (0.2, 0.2, 0.5), PEOPLE),
    ("people, effective", "effective data", [(effective_people, C + [Q, EXPONENT, WORTH])], (0.1, 0.3, 0.4, 0.7, 0.6), PEOPLE),
    ("people, own term", "own term", [(own_term, THREE + [Q, EXPONENT, EXPONENT])], (0.1, 0.15, 0.15, 1.0, 0.8, 1.2), PEOPLE),
    ("people, mixed", "mixed share", [(mixed(s), THREE + [Q, EXPONENT]) for s in (1, 5)], (0.2, 0.2, 0.1, 0.8, 0.8), PEOPLE),
]


def best(models, at, error, se):
    found = None
    for model, bounds in models:
        low, high = np.array(bounds).T
        fake = [(max(lo, 1e-3), hi) for lo, hi in bounds]
        grids = [[0.05, 0.3] if b == COEFFICIENT else list(np.geomspace(*f, 5)[1:-1]) for b, f in zip(bounds, fake, strict=True)]
        for start in itertools.product(*grids):
            try:
                p, _ = curve_fit(model, at, error, p0=start, sigma=se, bounds=(low, high), ftol=1e-12, xtol=1e-12, gtol=1e-12, max_nfev=5000)
            except RuntimeError:
                continue
            chi_square = float((((error - model(at, *p)) / se) ** 2).sum())
            if found is None or chi_square < found[0]:
                found = (chi_square, model, p)
    return found


def main():
    random = np.random.default_rng(7)
    cases = []
    for name, form, models, numbers, places in CASES:
        at = np.array(places).T
        se = random.uniform(0.004, 0.008, len(places)).round(4)
        error = (models[0][0](at, *numbers) + random.normal(0, se)).round(5)
        chi_square, model, p = best(models, at, error, se)
        people_vary = len({x for x, _ in places}) > 1
        asked = places + BEYOND[people_vary]
        predicted = model(np.array(asked).T, *p)
        print(name, chi_square, p)
        cases.append({
            "name": name, "form": form, "people_vary": people_vary, "chi_square": chi_square, "parameters": p.tolist(),
            "measured": [{"x": x, "z": z, "error": e, "standard_error": s} for (x, z), e, s in zip(places, error.tolist(), se.tolist(), strict=True)],
            "predicted": [{"x": x, "z": z, "error": e} for (x, z), e in zip(asked, predicted.tolist(), strict=True)],
        })
    versions = {"scipy": scipy.__version__, "numpy": np.__version__, "python": platform.python_version()}
    out = Path(__file__).with_suffix(".json")
    out.write_text(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")


main()
