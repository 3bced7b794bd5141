"""Writes the tables by which drawn faces act as photographed people do: crates/howfar-draw/data/{acting,face-motion}.json.

Run: python reference/drawn_tables.py ACTING.json LANDMARKS.json FOLDER
(ACTING.json of acting_cfee.py, LANDMARKS.json of landmark_motion_cfee.py; figures alone, no picture and no person's row)
"""

import json
import sys
from pathlib import Path

# Landmarks that keep their place on the skull but for the head's pose (jaw line, bridge of the nose) are left out; the
# chin follows the jaw of AU26.
INNER = set(range(17, 27)) | set(range(31, 36)) | set(range(36, 68))
CHIN = set(range(4, 13))
# Fewer pictures tell little; AU11 has no landmark of its own.
FEWEST, LEFT_OUT = 100, 11
# Coded A where the mouth stood open by 0.38 eye distances: told by that opening.
AU27 = {"mean": 0.85, "sd": 0.1}
LEAST_SHARE, LEAST_SD = 0.03, 0.09


def mirrored():
    pairs = [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46), (48, 54), (49, 53), (50, 52), (51, 51), (55, 59)]
    pairs += [(56, 58), (57, 57), (60, 64), (61, 63), (62, 62), (65, 67), (66, 66)]
    mirror = {k: 16 - k for k in range(17)} | {k: 43 - k for k in range(17, 27)} | {k: k for k in range(27, 31)}
    mirror |= {k: 66 - k for k in range(31, 36)}
    for a, b in pairs:
        mirror |= {a: b, b: a}
    return mirror


def face_motion(landmarks):
    mirror, rows = mirrored(), []
    for au, unit in sorted(landmarks["per_unit_all"]["units"].items(), key=lambda item: int(item[0])):
        if unit["n"] < FEWEST or int(au) == LEFT_OUT:
            continue
        moves, d, se = [], unit["d"], unit["se"]
        for k in sorted(INNER | (CHIN if au == "26" else set())):
            m = mirror[k]
            dx, dy = (d[k][0] - d[m][0]) / 2, -(d[k][1] + d[m][1]) / 2
            # The mean of both sides, whose errors are a little correlated; within two standard errors it is 0.
            noise = [(se[k][axis] + se[m][axis]) / 2.6 for axis in (0, 1)]
            dx = 0.0 if abs(dx) < 2 * noise[0] else round(dx, 3)
            dy = 0.0 if abs(dy) < 2 * noise[1] else round(dy, 3)
            if dx or dy:
                moves.append([k, dx, dy])
        rows.append(f'{{"au": {au}, "n_pictures": {unit["n"]}, "moves": {json.dumps(moves)}}}')
    source = (
        "measured on CFEE (Du, Tao, Martinez: Compound facial expressions of emotion, PNAS 2014): landmarks of 2,500 pictures of 230 persons"
        " against their FACS codes, effects of persons taken out, both sides of the face averaged; what lies within two standard errors is 0;"
        " reference/landmark_motion_cfee.py"
    )
    return (
        f'{{\n"format": "howfar face motion",\n"version": 1,\n"source": {json.dumps(source)},\n'
        '"unit": "distance of the eye centres; x to the picture\'s right, y up",\n"landmarks": "68 in iBUG order",\n'
        '"action_units": [\n' + ",\n".join(rows) + "\n]\n}\n"
    )


def acting(measured):
    expressions = []
    for name, expression in measured["expressions"].items():
        units = []
        for au, unit in sorted(expression["action_units"].items(), key=lambda item: int(item[0])):
            if unit["share"] < LEAST_SHARE:
                continue
            if name == "surprise" and au == "27":
                unit = unit | AU27
            units.append(f'    {{"au": {au}, "share": {unit["share"]}, "mean": {unit["mean"]}, "sd": {unit["sd"] or LEAST_SD}}}')
        together = expression["correlation"]
        expressions.append(
            f'"{name}": {{"persons": {expression["persons"]}, "units": [\n' + ",\n".join(units) + "],\n"
            f'  "of": {json.dumps(together["of"])},\n  "correlation": {json.dumps(together["latent_lower"])}}}'
        )
    source = "measured on CFEE (Du, Tao, Martinez, PNAS 2014): FACS codes of 230 persons an expression; reference/acting_cfee.py"
    unit = (
        "share: of the persons; mean, sd: intensity where shown, A to E = 0.2 to 1; correlation: of the normal variables behind intensities"
        " (0 where not shown), rows below the diagonal in the order of `of`. AU27 was coded A where the mouth stood open by 0.38: its intensity"
        " is told by that opening"
    )
    return (
        f'{{\n"format": "howfar acting",\n"version": 1,\n"source": {json.dumps(source)},\n"unit": {json.dumps(unit)},\n"expressions": {{\n'
        + ",\n".join(expressions) + "\n}\n}\n"
    )


def main():
    measured, landmarks, folder = sys.argv[1:4]
    (Path(folder) / "acting.json").write_text(acting(json.loads(Path(measured).read_text())))
    (Path(folder) / "face-motion.json").write_text(face_motion(json.loads(Path(landmarks).read_text())))


if __name__ == "__main__":
    main()
