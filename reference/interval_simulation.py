"""Prints how often three versions of the crossed people x seeds interval hold the truth, in simulated binary outcomes.

Run: python reference/interval_simulation.py     (needs scipy and numpy; about three minutes)

All use the variance max(MS_p + MS_s - MS_r, MS_p, MS_s) / (P S) and differ in the degrees of freedom of its t quantile:
  used      Satterthwaite's for the variance that is used (what howfar-evaluate does)
  floor     P - 1 or S - 1 where the floor holds, else Satterthwaite's
  combined  Satterthwaite's for MS_p + MS_s - MS_r, floor or not
8000 studies a line, so a coverage of 95 % has a standard error of 0.24 points.
"""

import numpy as np
from scipy import stats

N_STUDIES, N_FACES, GAIN, NOISE_SD = 8000, 6, 0.3, 0.3


def study(random, n_people, n_seeds, person_sd, seed_sd):
    """Differences in accuracy, people x seeds; a face is right where a latent number is above 0."""
    base = random.normal(0.2, 0.8, (n_people, N_FACES))[:, :, None]
    own = random.normal(0, person_sd, n_people)[:, None, None]
    luck = random.normal(0, seed_sd, (2, n_seeds))
    size = (2, n_people, N_FACES, n_seeds)
    noise = random.normal(0, NOISE_SD, size) + random.logistic(0, 0.55, size)
    without = base + luck[0] + noise[0] > 0
    return ((base + GAIN + own + luck[1] + noise[1] > 0).astype(float) - without).mean(axis=1)


def truth(random, person_sd, seed_sd, n=2_000_000):
    base = random.normal(0.2, 0.8, n)

    def rest():
        return random.normal(0, seed_sd, n) + random.normal(0, NOISE_SD, n) + random.logistic(0, 0.55, n)

    without = (base + rest() > 0).mean()
    return (base + GAIN + random.normal(0, person_sd, n) + rest() > 0).mean() - without


def half_widths(differences):
    n_people, n_seeds = differences.shape
    df_p, df_s = n_people - 1, n_seeds - 1
    mean, people, seeds = differences.mean(), differences.mean(axis=1), differences.mean(axis=0)
    ms_p = n_seeds * ((people - mean) ** 2).sum() / df_p
    ms_s = n_people * ((seeds - mean) ** 2).sum() / df_s
    ms_r = ((differences - people[:, None] - seeds + mean) ** 2).sum() / (df_p * df_s)
    of_squares = ms_p**2 / df_p + ms_s**2 / df_s + ms_r**2 / (df_p * df_s)
    combined = ms_p + ms_s - ms_r
    used = max(combined, ms_p, ms_s)
    floor = df_p if ms_p >= ms_s else df_s
    df = {
        "used": max(used**2 / of_squares, min(df_p, df_s)),
        "floor": floor if used > combined else combined**2 / of_squares,
        "combined": max(combined**2 / of_squares, 1),
    }
    return {name: stats.t.ppf(0.975, df) * np.sqrt(used / differences.size) for name, df in df.items()}


def main():
    random = np.random.default_rng(20240904)
    for person_sd, seed_sd in ((0.3, 0.1), (0.0, 0.2)):
        gain = truth(random, person_sd, seed_sd)
        for n_people in (10, 20, 100):
            for n_seeds in (3, 5, 10, 20):
                covered = {"used": 0, "floor": 0, "combined": 0}
                for _ in range(N_STUDIES):
                    differences = study(random, n_people, n_seeds, person_sd, seed_sd)
                    for name, half in half_widths(differences).items():
                        covered[name] += abs(differences.mean() - gain) <= half
                told = "  ".join(f"{name} {100 * n / N_STUDIES:.1f} %" for name, n in covered.items())
                print(f"person sd {person_sd}, seed sd {seed_sd}, {n_people} x {n_seeds}: {told}", flush=True)


if __name__ == "__main__":
    main()
