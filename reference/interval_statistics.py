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


def variance(ms_units, df_units, ms_seeds, df_seeds, ms_residual, df_residual):
    """Mean square of the mean and its degrees of freedom: a factor that does not stand out of the residual is pooled with it."""
    fewest = min(df_units, df_seeds)

    def stands_out(square, df):
        ratio = max(1, stats.f.ppf(0.7, df, df_residual)) if fewest >= 4 else 1
        return square > ratio * ms_residual

    if stands_out(ms_units, df_units) and stands_out(ms_seeds, df_seeds):
        used = ms_units + ms_seeds - ms_residual
        df = used**2 / (ms_units**2 / df_units + ms_seeds**2 / df_seeds + ms_residual**2 / df_residual)
        return used, max(df * fewest / (fewest + 1), fewest)
    if stands_out(ms_units, df_units):
        return ms_units, df_units
    if stands_out(ms_seeds, df_seeds):
        return ms_seeds, df_seeds
    df = df_units + df_seeds + df_residual
    return (ms_units * df_units + ms_seeds * df_seeds + ms_residual * df_residual) / df, df


def layouts(random):
    spreads = ((0.2, 0.05), (0.2, 0.05), (0.2, 0.05), (0.2, 0.05), (0.1, 0.1), (0, 0.2), (0, 0), (0, 0))
    sizes = ((2, 2), (4, 3), (12, 5), (30, 6), (9, 8), (10, 4), (8, 5), (11, 6))
    for (n_units, n_seeds), (of_units, of_seeds) in zip(sizes, spreads):
        table = (
            random.normal(0, of_units, (n_units, 1))
            + random.normal(0, of_seeds, (1, n_seeds))
            + random.normal(0, 0.1, (n_units, n_seeds))
        )
        values = table.ravel()
        unit, seed = (axis.ravel() for axis in np.indices(table.shape))
        both = residual_sum(values, (unit, seed))
        ms_units = (residual_sum(values, (seed,)) - both) / (n_units - 1)
        ms_seeds = (residual_sum(values, (unit,)) - both) / (n_seeds - 1)
        df_residual = (n_units - 1) * (n_seeds - 1)
        ms_residual = both / df_residual
        used, df = variance(ms_units, n_units - 1, ms_seeds, n_seeds - 1, ms_residual, df_residual)
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


def bootstraps(random):
    """Percentile intervals of a mean over one factor: random, so they agree to a few percent of their width."""
    for n in (8, 20, 60):
        x = random.normal(0.05, 0.1, n)
        interval = stats.bootstrap((x,), np.mean, n_resamples=100_000, method="percentile", rng=random).confidence_interval
        yield {"values": x.tolist(), "interval": [float(interval.low), float(interval.high)]}


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
        "bootstraps": list(bootstraps(random)),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
