#!/usr/bin/env python3
"""How landmarks move with action units and expressions in CFEE, as aggregate figures for howfar.

Usage: python landmark_motion_cfee.py FOLDER_OF_DATA OUT.json
FOLDER_OF_DATA holds AU_annotation_all_subjects.xls and train_set/{label.csv, points/*.mat}. Needs numpy, scipy, xlrd.

Landmarks: the 78 points of a picture become the common 68 (fixed weights below, chosen on the mean shape: the brows' 68
are the 78's upper edge, lids, lips and jaw are interpolated along their contours). Each picture is turned, moved and
scaled so that the eye centres (mean of the 6 eye points of the 68) lie at (-0.5, 0) and (0.5, 0): unit = distance of
the eye centres, x to the picture's right, y DOWN. A turn of the head out of the plane is not removed.

Two regressions of displacement on action units (1 = FACS E; mean of both sides; x = the unit's mean), no intercept:
  pure  pictures of the six basic expressions whose person has a neutral picture; that is subtracted
  all   all 22 expressions; each person's mean is subtracted from landmarks and units alike (fixed effects of persons),
        so that persons without a neutral picture serve, too, and units that go together in the six come apart
both with a slight ridge (RIDGE pictures at E) and standard errors of a bootstrap over persons.
"""
import csv
import json
import sys
from pathlib import Path

import numpy as np

import acting_cfee

RIDGE, BOOTSTRAPS, ENOUGH = 0.5, 400, 15
NEUTRAL = "Neutral"
BASIC = {"Angry": "anger", "Disgusted": "disgust", "Fearful": "fear", "Happy": "happiness", "Sad": "sadness",
         "Surprised": "surprise"}


# ---------------------------------------------------------------- 78 points -> 68

def weights_78_to_68():
    """Row k: landmark k of the 68 as weights over the 78. `exact` rows have one weight, 1."""
    rows = {}
    for i in range(17):                                   # jaw: 15 points from ear to ear, chin 70
        at = i * 14 / 16
        low = min(int(at), 13)
        rows[i] = {63 + low: 1 - (at - low), 64 + low: at - low}
    for i, k in enumerate([18, 19, 20, 21, 22]):          # brows: outer end, upper edge, inner end
        rows[17 + i] = {k: 1}
    for i, k in enumerate([26, 27, 28, 29, 30]):
        rows[22 + i] = {k: 1}
    for i in range(4):                                    # bridge of the nose, tip
        rows[27 + i] = {34 + i: 1}
    rows[31], rows[35] = {41: 0.4, 42: 0.6}, {45: 0.4, 44: 0.6}    # foot of the wing
    rows[32], rows[34] = {42: 0.7, 43: 0.3}, {44: 0.7, 43: 0.3}
    rows[33] = {43: 1}
    third = lambda a, b: {a: 2 / 3, b: 1 / 3}             # lids: 3 points each -> 2
    rows.update({36: {1: 1}, 37: third(2, 3), 38: third(4, 3), 39: {5: 1}, 40: third(6, 7), 41: third(8, 7)})
    rows.update({42: {10: 1}, 43: third(11, 12), 44: third(13, 12), 45: {14: 1}, 46: third(15, 16), 47: third(17, 16)})
    rows.update({48: {49: 1}, 49: {49: 0.3, 50: 0.7}, 50: {50: 0.6, 51: 0.4}, 51: {51: 1}, 52: {52: 0.6, 51: 0.4},
                 53: {53: 0.3, 52: 0.7}, 54: {53: 1}, 55: {53: 0.35, 54: 0.65}, 56: {54: 0.75, 55: 0.25}, 57: {55: 1},
                 58: {56: 0.75, 55: 0.25}, 59: {49: 0.35, 56: 0.65}})
    rows.update({60: {49: 1}, 61: {57: 1}, 62: {58: 1}, 63: {59: 1}, 64: {53: 1}, 65: {60: 1}, 66: {61: 1}, 67: {62: 1}})
    w = np.zeros((68, 78))
    for k, row in rows.items():
        for j, v in row.items():
            w[k, j] += v
    assert np.allclose(w.sum(1), 1)
    return w, rows


def normalise(points):
    """[picture, 68, 2] in pixels -> eye centres at (-0.5, 0), (0.5, 0)."""
    left, right = points[:, 36:42].mean(1), points[:, 42:48].mean(1)
    z = (points[..., 0] + 1j * points[..., 1])
    l, r = left @ [1, 1j], right @ [1, 1j]
    z = (z - ((l + r) / 2)[:, None]) / (r - l)[:, None]
    return np.stack([z.real, z.imag], -1)


# the 68 seen in a mirror
MIRROR = np.array([*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46,
                   39, 38, 37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66,
                   65])


# ---------------------------------------------------------------- reading

def read_pictures(folder):
    """Persons, expressions (CFEE's names), normalised landmarks of the 68."""
    import scipy.io
    train = Path(folder) / "train_set"
    w, _ = weights_78_to_68()
    person, expression, points, pupils = [], [], [], []
    with open(train / "label.csv") as f:
        for row in csv.DictReader(f):
            mat = scipy.io.loadmat(train / "points" / f"{int(row['Index']):04d}.mat")
            p = next(v for k, v in mat.items() if not k.startswith("__"))   # two names occur
            person.append(int(row["identity"]))
            expression.append(row["emotion_cat"].strip())
            points.append(w @ p)
            pupils.append(pupil_measures(p))
    return np.array(person), np.array(expression), normalise(np.array(points)), np.array(pupils)


PUPIL = ["upper lid over pupil", "pupil over corners", "pupil over lower lid"]


def pupil_measures(p):
    """Mean of both eyes, in eye-centre distances: middle of the upper lid over the pupil's point (0, 9 of the 78), the
    pupil over the line of the corners, the pupil over the middle of the lower lid."""
    e = p[10:18].mean(0) - p[1:9].mean(0)
    size = np.hypot(*e)
    up = np.array([e[1], -e[0]]) / size ** 2
    h = lambda k: p[k] @ up
    eyes = [(h(3), h(0), (h(1) + h(5)) / 2, h(7)), (h(12), h(9), (h(10) + h(14)) / 2, h(16))]
    return np.mean([(u - q, q - c, q - l) for u, q, c, l in eyes], axis=0)


def unit_table(book, person, expression):
    """Names of all units that occur, and intensities [picture, unit], mean of the sides; neutral = 0."""
    units = sorted({au for _, u, _ in book.values() for au in u})
    x = np.zeros((len(person), len(units)))
    for name, (people, sheet_units, sides) in book.items():
        face = acting_cfee.columns(sheet_units, sides, units).mean(-1)
        for k in range(len(units)):
            gap = np.isnan(face[:, k])
            if gap.any():
                face[gap, k] = np.nanmean(np.where(face[:, k] > 0, face[:, k], np.nan))
        row = {p: i for i, p in enumerate(people)}
        for j in np.flatnonzero(expression == name):
            x[j] = face[row[person[j]]]
    return units, x


# ---------------------------------------------------------------- regression

def ridge(x, d):
    return np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ d)


def regress(x, d, person, bootstraps=BOOTSTRAPS, seed=1):
    """Coefficients [unit, output], standard errors (bootstrap over persons), R2."""
    coefficients = ridge(x, d)
    groups = [np.flatnonzero(person == p) for p in np.unique(person)]
    xx = np.array([x[g].T @ x[g] for g in groups])
    xd = np.array([x[g].T @ d[g] for g in groups])
    rng, tries = np.random.default_rng(seed), []
    for _ in range(bootstraps):
        n = np.bincount(rng.integers(len(groups), size=len(groups)), minlength=len(groups))
        a = np.tensordot(n, xx, 1) + RIDGE * np.eye(x.shape[1])
        tries.append(np.linalg.solve(a, np.tensordot(n, xd, 1)))
    r2 = 1 - ((d - x @ coefficients) ** 2).sum() / (d ** 2).sum()
    return coefficients, np.std(tries, axis=0, ddof=1), r2


def pure_data(person, expression, points, x, neutral=NEUTRAL, basic=BASIC):
    """Pictures of the basic expressions whose person has a neutral one: indices, displacements."""
    rest = {p: points[i] for i, p in enumerate(person) if expression[i] == neutral}
    keep = np.array([i for i in range(len(person)) if expression[i] in basic and person[i] in rest])
    return keep, np.array([points[i] - rest[person[i]] for i in keep])


def within(values, person):
    """Values less their person's mean."""
    out = values.astype(float).copy()
    for p in np.unique(person):
        out[person == p] -= out[person == p].mean(0)
    return out


def by_unit(units, x, d, person, wanted):
    """One regression; only units shown in ENOUGH pictures take part, only `wanted` are told."""
    shown = (x > 0).sum(0) if x.min() >= 0 else None
    keep = [k for k in range(len(units)) if shown is None or shown[k] >= ENOUGH]
    c, e, r2 = regress(x[:, keep], d.reshape(len(d), -1), person)
    return {units[k]: (c[j].reshape(-1, 2), e[j].reshape(-1, 2)) for j, k in enumerate(keep) if units[k] in wanted}, r2


def flat(a):
    return [[round(float(v), 3) + 0.0 for v in p] for p in a]


def main(folder, out):
    book = acting_cfee.read_book(folder)
    person, expression, points, pupils = read_pictures(folder)
    units, x = unit_table(book, person, expression)
    keep, d = pure_data(person, expression, points, x)
    _, rows = weights_78_to_68()
    result = {
        "source": "CFEE (Du, Tao, Martinez, PNAS 2014), 2,500 pictures of train_set and AU_annotation_all_subjects.xls "
                  "as in github.com/znj592277593/Facial-Emotion-Recognition; figures by landmark_motion_cfee.py",
        "units": "eye-centre distances; x to the picture's right, y down; per unit of intensity (1 = FACS E); "
                 "se = bootstrap over persons",
        "landmarks_68_from_78": {str(k): {str(j): round(v, 3) for j, v in sorted(r.items()) if v}
                                 for k, r in sorted(rows.items())},
        "pictures": {"neutral": int((expression == NEUTRAL).sum()), "pure": len(keep), "all": len(person)},
    }
    told, r2 = by_unit(units, x[keep], d, person[keep], acting_cfee.AUS)
    result["per_unit_pure"] = {"r2": round(r2, 3), "units": {
        str(au): {"n": int((x[keep][:, units.index(au)] > 0).sum()), "d": flat(c), "se": flat(e)}
        for au, (c, e) in told.items()}}
    enough = [k for k in range(len(units)) if (x[:, k] > 0).sum() >= ENOUGH]
    told, r2 = by_unit([units[k] for k in enough], within(x[:, enough], person), within(points, person), person,
                       [units[k] for k in enough])
    result["per_unit_all"] = {"r2": round(r2, 3), "units": {
        str(au): {"n": int((x[:, units.index(au)] > 0).sum()), "d": flat(c), "se": flat(e)}
        for au, (c, e) in told.items()}}
    result["by_expression"] = {}
    for cfee, ours in BASIC.items():
        these = d[expression[keep] == cfee]
        result["by_expression"][ours] = {"n": len(these), "mean": flat(these.mean(0)),
                                         "sd": flat(these.std(0, ddof=1))}
    rest = points[expression == NEUTRAL]
    result["neutral"] = {"n": len(rest), "mean": flat(rest.mean(0)), "sd": flat(rest.std(0, ddof=1))}
    of = np.array([BASIC.get(e, "neutral" if e == NEUTRAL else "compound") for e in expression])
    result["pupils"] = {"measures": PUPIL, "mean_sd_of_pictures": {
        e: [[round(float(v), 3) for v in pair] for pair in zip(pupils[of == e].mean(0), pupils[of == e].std(0))]
        for e in ("neutral", *BASIC.values())}}
    text = json.dumps(result, separators=(",", ":"))
    Path(out).write_text(text.replace(',"', ',\n"') + "\n")
    print(f"{out}: {len(text)} bytes, pure {len(keep)} pictures")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
