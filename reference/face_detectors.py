"""Writes two tiny networks that answer as the face detectors YuNet and SCRFD do, whatever picture they see.

Run: python3 reference/face_detectors.py   (needs nothing but Python)

Writes face_detector_yunet.onnx, face_detector_scrfd.onnx (input 1x3x64x64), face_detector_boxes.onnx (SCRFD without key points, which
is refused) and face_detectors.json: the faces that are to be found in a picture of 64 by 64 pixels, the surest first. The layouts are
those of OpenCV's FaceDetectorYN and InsightFace's SCRFD; the bytes are ONNX's protocol buffers, written by hand.
"""

import json
import math
import struct
from pathlib import Path

HERE = Path(__file__).parent
SIDE = 64
STRIDES = (8, 16, 32)
# Corner and sides of the box, both eyes, score, and the stride, row and column of the grid that it is told at.
PLACES = [
    {"box": (20, 16, 24, 28), "eyes": ((27, 27), (37, 28)), "score": 0.9, "at": (16, 1, 1)},
    # The same face once more: suppressed.
    {"box": (21, 17, 24, 28), "eyes": ((28, 28), (38, 29)), "score": 0.8, "at": (8, 4, 4)},
    {"box": (46, 40, 12, 16), "eyes": ((49, 46), (55, 46)), "score": 0.7, "at": (8, 6, 6)},
    # Not sure enough.
    {"box": (0, 40, 16, 20), "eyes": ((5, 48), (12, 48)), "score": 0.3, "at": (32, 1, 0)},
]
FOUND = [0, 2]


def varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 127
        out += bytes([low | (128 if n else 0)])
        if not n:
            return out


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name, shape, values):
    raw = struct.pack(f"<{len(values)}f", *values)
    return b"".join(field(1, n) for n in shape) + field(2, 1) + field(8, name) + field(9, raw)


def value_info(name, shape):
    dims = b"".join(field(1, field(1, n)) for n in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def network(outputs):
    """A network whose outputs are constants: name, shape, values."""
    graph = field(2, "detector")
    for name, shape, values in outputs:
        graph += field(1, field(1, "of_" + name) + field(2, name) + field(4, "Identity"))
        graph += field(5, tensor("of_" + name, shape, values))
        graph += field(12, value_info(name, shape))
    graph += field(11, value_info("input", (1, 3, SIDE, SIDE)))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def told(stride, n_anchors):
    """The places of a stride, by their row in its tables."""
    n = SIDE // stride
    return {(row * n + column) * n_anchors: p for p in PLACES for s, row, column in [p["at"]] if s == stride}


def corner(place):
    stride, row, column = place["at"]
    return column * stride, row * stride


def points(place):
    (x, y), stride = corner(place), place["at"][0]
    nose = [sum(e[0] for e in place["eyes"]) / 2, place["box"][1] + 0.6 * place["box"][3]]
    mouth = [(e[0], place["box"][1] + 0.8 * place["box"][3]) for e in place["eyes"]]
    return [v for px, py in (*place["eyes"], nose, *mouth) for v in ((px - x) / stride, (py - y) / stride)]


def yunet():
    outputs = {}
    for stride in STRIDES:
        n = (SIDE // stride) ** 2
        cls, obj, bbox, kps = [0.0] * n, [0.0] * n, [0.0] * 4 * n, [0.0] * 10 * n
        for i, place in told(stride, 1).items():
            (x, y), (left, top, width, height) = corner(place), place["box"]
            # Their product's root is the score.
            cls[i], obj[i] = place["score"], place["score"]
            middle = ((left + width / 2 - x) / stride, (top + height / 2 - y) / stride)
            bbox[4 * i : 4 * i + 4] = [*middle, math.log(width / stride), math.log(height / stride)]
            kps[10 * i : 10 * i + 10] = points(place)
        for name, columns, values in (("cls", 1, cls), ("obj", 1, obj), ("bbox", 4, bbox), ("kps", 10, kps)):
            outputs[f"{name}_{stride}"] = (f"{name}_{stride}", (1, n, columns), values)
    return [outputs[f"{name}_{stride}"] for name in ("cls", "obj", "bbox", "kps") for stride in STRIDES]


def scrfd():
    outputs = {}
    for stride in STRIDES:
        n = 2 * (SIDE // stride) ** 2
        score, bbox, kps = [0.0] * n, [0.0] * 4 * n, [0.0] * 10 * n
        for i, place in told(stride, 2).items():
            (x, y), (left, top, width, height) = corner(place), place["box"]
            score[i] = place["score"]
            edges = (x - left, y - top, left + width - x, top + height - y)
            bbox[4 * i : 4 * i + 4] = [edge / stride for edge in edges]
            kps[10 * i : 10 * i + 10] = points(place)
        for kind, columns, values in ((0, 1, score), (1, 4, bbox), (2, 10, kps)):
            outputs[kind, stride] = (f"{400 + 30 * kind + stride}", (n, columns), values)
    return [outputs[kind, stride] for kind in range(3) for stride in STRIDES]


def main():
    (HERE / "face_detector_yunet.onnx").write_bytes(network(yunet()))
    (HERE / "face_detector_scrfd.onnx").write_bytes(network(scrfd()))
    (HERE / "face_detector_boxes.onnx").write_bytes(network(scrfd()[:6]))
    faces = [{key: PLACES[i][key] for key in ("box", "eyes", "score")} for i in FOUND]
    (HERE / "face_detectors.json").write_text(json.dumps({"side": SIDE, "faces": faces}, indent=1) + "\n")


if __name__ == "__main__":
    main()
