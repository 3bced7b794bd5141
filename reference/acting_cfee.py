#!/usr/bin/env python3
"""What people show in posed basic expressions: action units of CFEE as aggregate figures for howfar.

Usage: python acting_cfee.py FOLDER_OF_DATA OUT.json
FOLDER_OF_DATA holds AU_annotation_all_subjects.xls: one sheet an expression, one row a person, one column an action
unit; a cell is empty (absent), a..e (intensity), Lb / Rb (one side only, person's left / right), LbRc (both, unequal)
or x (shown, intensity not scored). Needs numpy, scipy, xlrd. Writes aggregate figures only.

How cells become numbers: a..e -> 0.2, 0.4, 0.6, 0.8, 1.0; the intensity of a face is that of its stronger side (as in
howfar's label `action_units`); x counts as shown, is left out of mean and sd, and stands at the mean of that action
unit in that expression where correlations need a number. Action units without a column in a sheet are absent there.

Correlations of an expression:
  pearson  of the intensities with 0 = absent;
  latent   polychoric: every action unit is a standard normal variable cut at thresholds that give the observed shares
           of absent, a, b, c, d, e; each pair's correlation is the maximum of its likelihood times a prior
           (Fisher's z ~ N(0, 0.5): only that keeps rare units from +-1); the matrix is then shrunk towards the
           identity until its smallest eigenvalue is 0.05 or more. To act: draw z ~ N(0, latent), and give unit i the
           level whose interval of the normal distribution holds z_i (from below: absent, a, b, c, d, e).
Only units that 2 % of the persons or more show in that expression have correlations.
"""
import json
import re
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

AUS = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 24, 25, 26, 27, 43]
SHEETS = {"anger": "Angry", "disgust": "Disgusted", "fear": "Fearful", "happiness": "Happy", "sadness": "Sad",
          "surprise": "Surprised"}
LEVELS = dict(zip("abcde", (0.2, 0.4, 0.6, 0.8, 1.0)))
RARE = 0.02  # share below which a unit has no correlations


# ---------------------------------------------------------------- reading

def parse_cell(cell):
    """(left, right) intensity of a cell; nan = shown, not scored."""
    text = str(cell).strip()
    if text == "":
        return 0.0, 0.0
    if text.lower() == "x":
        return np.nan, np.nan
    if text in LEVELS:
        return LEVELS[text], LEVELS[text]
    if re.fullmatch(r"([LR][a-e]){1,2}", text):
        side = {s: LEVELS[v] for s, v in re.findall(r"([LR])([a-e])", text)}
        return side.get("L", 0.0), side.get("R", 0.0)
    raise ValueError(f"not a code of FACS: {cell!r}")


def read_sheet(sheet):
    """Persons, action units, sides[person, unit, left/right]; duplicate columns are merged by the stronger."""
    header = [int(v) for v in sheet.row_values(0)[1:]]
    units = sorted(set(header))
    people = [int(sheet.cell_value(r, 0)) for r in range(1, sheet.nrows)]
    sides = np.zeros((len(people), len(units), 2))
    for r in range(len(people)):
        for c, au in enumerate(header):
            k = units.index(au)
            sides[r, k] = np.maximum(sides[r, k], parse_cell(sheet.cell_value(r + 1, c + 1)))
    return people, units, sides


def read_book(folder):
    import xlrd
    book = xlrd.open_workbook(str(Path(folder) / "AU_annotation_all_subjects.xls"))
    return {name.strip(): read_sheet(book.sheet_by_name(name)) for name in book.sheet_names() if name != "summary"}


def columns(units, sides, wanted=AUS):
    """The wanted units' sides, zeros where the sheet lacks a column."""
    out = np.zeros((len(sides), len(wanted), 2))
    for i, au in enumerate(wanted):
        if au in units:
            out[:, i] = sides[:, units.index(au)]
    return out


# ---------------------------------------------------------------- correlations

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def bivariate_cdf(h, k, rho):
    """P(X < h, Y < k), by the integral of the density over the correlation; h, k broadcast."""
    h, k = np.clip(h, -8, 8), np.clip(k, -8, 8)
    r = 0.5 * rho * (NODES + 1)
    q = 1 - r * r
    h_, k_ = h[..., None], k[..., None]
    density = np.exp(-(h_ * h_ - 2 * r * h_ * k_ + k_ * k_) / (2 * q)) / (2 * np.pi * np.sqrt(q))
    return ndtr(h) * ndtr(k) + 0.5 * rho * (density * WEIGHTS).sum(-1)


def polychoric(a, b):
    """Correlation of the normal variables behind two ordinal ones (MAP, thresholds from the margins)."""
    la, ia = np.unique(a, return_inverse=True)
    lb, ib = np.unique(b, return_inverse=True)
    if len(la) < 2 or len(lb) < 2:
        return 0.0
    table = np.zeros((len(la), len(lb)))
    np.add.at(table, (ia, ib), 1)
    cut = lambda n: np.concatenate([[-8], ndtri(np.cumsum(n)[:-1] / n.sum()), [8]])
    h, k = np.meshgrid(cut(table.sum(1)), cut(table.sum(0)), indexing="ij")

    def loss(rho):
        p = np.diff(np.diff(bivariate_cdf(h, k, rho), axis=0), axis=1)
        return -(table * np.log(np.maximum(p, 1e-9))).sum() + 0.5 * (np.arctanh(rho) / 0.5) ** 2

    return float(minimize_scalar(loss, bounds=(-0.97, 0.97), method="bounded", options={"xatol": 1e-3}).x)


def latent_correlation(x):
    """Polychoric matrix of the columns of x, shrunk to be positive definite; also the share shrunk away."""
    n = x.shape[1]
    r = np.eye(n)
    for i in range(n):
        for j in range(i):
            r[i, j] = r[j, i] = polychoric(x[:, i], x[:, j])
    smallest = np.linalg.eigvalsh(r)[0]
    shrink = 0.0 if smallest >= 0.05 else (0.05 - smallest) / (1 - smallest)
    return (1 - shrink) * r + shrink * np.eye(n), shrink


def pearson(x):
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.corrcoef(x, rowvar=False))


# ---------------------------------------------------------------- one expression

def triangle(m):
    """Rows below the diagonal."""
    return [[round(float(v), 3) for v in m[i, :i]] for i in range(len(m))]


def summarise(sides, wanted=AUS, correlations=True):
    """Figures of one expression from sides[person, unit, left/right]."""
    face = sides.max(-1)                                   # nan where not scored
    n = len(face)
    out = {"persons": n, "action_units": {}}
    for i, au in enumerate(wanted):
        unscored = np.isnan(face[:, i])
        shown = unscored | (face[:, i] > 0)
        if not shown.any():
            continue
        scored = face[shown & ~unscored, i]
        left, right = sides[shown & ~unscored, i].T
        one, both = (left == 0) != (right == 0), (left > 0) & (right > 0)
        out["action_units"][str(au)] = {
            "share": shown.mean(), "mean": scored.mean() if len(scored) else None,
            "sd": scored.std(ddof=1) if len(scored) > 1 else None, "n": int(shown.sum()),
            "not_scored": int(unscored.sum()),
            # shares of all persons with a, b, c, d, e; those not scored are spread like the others
            "levels": [shown.mean() * float(np.isclose(scored, v).mean()) if len(scored) else 0.0
                       for v in LEVELS.values()],
            # of those who show it
            "one_sided": one.mean() if len(scored) else 0.0,
            "left_stronger": (left > right).mean() if len(scored) else 0.0,
            "right_stronger": (right > left).mean() if len(scored) else 0.0,
            "unequal_both_sides": (both & (left != right)).mean() if len(scored) else 0.0,
            # root mean square of (L - R) / (L + R)
            "asymmetry_rms": np.sqrt(np.mean(((left - right) / (left + right)) ** 2)) if len(scored) else 0.0,
        }
    out["mean_units_shown"] = float((np.isnan(face) | (face > 0)).sum(1).mean())
    if correlations:
        filled = face.copy()
        for i in range(len(wanted)):
            gap = np.isnan(filled[:, i])
            if gap.any():
                filled[gap, i] = np.nanmean(np.where(face[:, i] > 0, face[:, i], np.nan))
        common = [i for i, au in enumerate(wanted) if (filled[:, i] > 0).mean() >= RARE]
        # whole levels for the polychoric table
        latent, shrink = latent_correlation(np.ceil(np.round(filled[:, common] / 0.2, 3)))
        out["correlation"] = {"of": [wanted[i] for i in common], "latent_lower": triangle(latent),
                              "latent_shrunk_by": shrink, "pearson_lower": triangle(pearson(filled[:, common]))}
    return out


def rounded(v):
    if isinstance(v, dict):
        return {k: rounded(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [rounded(x) for x in v]
    return round(float(v), 3) if isinstance(v, (float, np.floating)) else v


def main(folder, out):
    book = read_book(folder)
    people = {name: set(sheet[0]) for name, sheet in book.items()}
    assert len({frozenset(p) for p in people.values()}) == 1, "sheets with other persons"
    result = {
        "source": "CFEE (Du, Tao, Martinez: Compound facial expressions of emotion, PNAS 2014), "
                  "AU_annotation_all_subjects.xls as in github.com/znj592277593/Facial-Emotion-Recognition; posed, "
                  "coded by FACS; figures by acting_cfee.py",
        "units": "intensity a..e = 0.2..1.0, stronger side; sd over the persons who show it; shares of the persons",
        "latent": "polychoric (two-step, prior N(0, 0.5) on Fisher's z), shrunk to smallest eigenvalue >= 0.05; rows "
                  "below the diagonal, order of `of`",
        "absent_expressions": {"neutral": "no sheet: not coded, taken as no action unit",
                               "contempt": "not in CFEE"},
        "columns": AUS, "expressions": {}, "other_units_over_10_percent": {},
    }
    for name, sheet in SHEETS.items():
        persons, units, sides = book[sheet]
        result["expressions"][name] = {**summarise(columns(units, sides)),
                                       "coded_columns": units}
    for name, (persons, units, sides) in book.items():
        shown = np.isnan(sides).any(-1) | (sides > 0).any(-1)
        others = {str(au): {"share": shown[:, k].mean(),
                            "mean": np.nanmean(np.where(shown[:, k], sides[:, k].max(-1), np.nan))}
                  for k, au in enumerate(units) if au not in AUS and shown[:, k].mean() > 0.10}
        if others:
            result["other_units_over_10_percent"][name] = others
    text = json.dumps(rounded(result), separators=(",", ":"))
    text = re.sub(r'("(?:source|units|latent|absent_expressions|columns|expressions|other_units_over_10_percent|anger|'
                  r'disgust|fear|happiness|sadness|surprise|correlation)":)', r"\n\1", text)
    Path(out).write_text(text + "\n")
    print(f"{out}: {len(text)} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
