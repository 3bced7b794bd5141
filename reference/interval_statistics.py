"""Writes interval_statistics.json: SciPy's and NumPy's figures for the statistics of howfar-evaluate.

Run: python reference/interval_statistics.py     (needs scipy, statsmodels and numpy; versions are written into the file)

Student's t quantiles and tails, exact sign-flip tests (scipy.stats.permutation_test), Holm's correction (statsmodels),
and mean squares of a two-way layout by least squares on dummy variables, an algorithm other than ours.
"""

import json
import platform
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests


def student():
    for df in (1, 1.7, 2, 3.14, 4, 5.5, 9, 19, 42.42, 99, 1000):
        yield {"df": df, "t975": stats.t.ppf(0.975, df), "t": 2.3, "upper_tail": stats.t.sf(2.3, df)}


def sign_flips(random):
    def mean(x, axis):
        return np.mean(x, axis=axis)

    samples = [random.normal(0.3, 1, n) for n in (2, 5, 6, 9, 13)]
    # Differences in accuracy are multiples of 1/n and tie often.
    samples += [random.integers(-2, 4, n) / 5 for n in (6, 12)]
    for x in samples:
        test = stats.permutation_test((x,), mean, permutation_type="samples", vectorized=True, n_resamples=np.inf)
        yield {"differences": x.tolist(), "p": float(test.pvalue)}


def residual_sum(values, factors):
    """Sum of squares left by a linear model with an intercept and dummy variables for some factors."""
    columns = [np.ones(values.size)]
    for factor in factors:
        columns += [(factor == level).astype(float) for level in np.unique(factor)[1:]]
    design = np.stack(columns, axis=1)
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(((values - fitted) ** 2).sum())


def layouts(random):
    for n_units, n_seeds in ((2, 2), (4, 3), (12, 5), (30, 6)):
        table = (
            random.normal(0, 0.2, (n_units, 1)) + random.normal(0, 0.05, (1, n_seeds)) + random.normal(0, 0.1, (n_units, n_seeds))
        )
        values = table.ravel()
        unit, seed = (axis.ravel() for axis in np.indices(table.shape))
        both = residual_sum(values, (unit, seed))
        ms_units = (residual_sum(values, (seed,)) - both) / (n_units - 1)
        ms_seeds = (residual_sum(values, (unit,)) - both) / (n_seeds - 1)
        df_residual = (n_units - 1) * (n_seeds - 1)
        ms_residual = both / df_residual
        used = max(ms_units + ms_seeds - ms_residual, ms_units, ms_seeds)
        df = used**2 / (ms_units**2 / (n_units - 1) + ms_seeds**2 / (n_seeds - 1) + ms_residual**2 / df_residual)
        df = max(df, min(n_units, n_seeds) - 1)
        error = np.sqrt(used / values.size)
        half = stats.t.ppf(0.975, df) * error
        yield {
            "rows": table.tolist(),
            "mean": values.mean(),
            "ms_units": ms_units,
            "ms_seeds": ms_seeds,
            "ms_residual": ms_residual,
            "standard_error": error,
            "df": df,
            "interval": [values.mean() - half, values.mean() + half],
            "p": 2 * stats.t.sf(abs(values.mean()) / error, df),
        }


def holm():
    for p in ([0.04], [0.01, 0.04, 0.03], [0.5, 0.02, 0.02, 0.9], [0.001, 0.0001, 0.2]):
        yield {"p": p, "corrected": multipletests(p, method="holm")[1].tolist()}


def main():
    random = np.random.default_rng(20240902)
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
    }
    figures = {
        "versions": versions,
        "student": list(student()),
        "sign_flips": list(sign_flips(random)),
        "layouts": list(layouts(random)),
        "holm": list(holm()),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
