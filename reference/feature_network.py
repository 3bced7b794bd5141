"""Writes feature_network*.onnx and feature_network.json: tiny networks, and what ONNX Runtime gets from them.

Run: python reference/feature_network.py     (versions are written into the JSON)

The weights are random numbers. `fixed` takes batches of 2 coloured pictures of 6x6, `free` any number of pictures of any size; both are a convolution, ReLU, and
means over 2x2 blocks or over everything. `words` takes no pictures and `whole` takes whole numbers: both have to be refused.
"""

import json
import platform
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent


def network(name, input_shape, output_shape, nodes, weights, kind=TensorProto.FLOAT):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("pictures", kind, input_shape)],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, output_shape)],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="howfar")
    onnx.checker.check_model(model)
    path = HERE / f"feature_network_{name}.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def layers(pool):
    return [
        helper.make_node("Conv", ["pictures", "weight", "bias"], ["sums"], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1]),
        helper.make_node("Relu", ["sums"], ["positive"]),
        helper.make_node(*pool[0], **pool[1]),
    ]


def main():
    random = np.random.default_rng(20261128)
    weights = lambda n_in: {
        "weight": random.standard_normal((5, n_in, 3, 3)).astype(np.float32),
        "bias": random.standard_normal(5).astype(np.float32),
    }
    blocks = (("AveragePool", ["positive"], ["features"]), {"kernel_shape": [2, 2], "strides": [2, 2]})
    everything = (("GlobalAveragePool", ["positive"], ["features"]), {})
    paths = {
        "fixed": network("fixed", [2, 3, 6, 6], [2, 5, 3, 3], layers(blocks), weights(3)),
        "free": network("free", ["n", 1, "height", "width"], ["n", 5, 1, 1], layers(everything), weights(1)),
    }
    network("words", ["n", 20], ["n", 20], [helper.make_node("Identity", ["pictures"], ["features"])], {})
    cast = [helper.make_node("Cast", ["pictures"], ["features"], to=TensorProto.FLOAT)]
    network("whole", ["n", 1, 8, 8], ["n", 1, 8, 8], cast, {}, TensorProto.UINT8)
    cases = []
    for name, channels, side, black, white in [("fixed", 3, 6, 0, 1), ("free", 1, 6, -1, 1), ("free", 1, 9, 0, 255)]:
        pictures = random.integers(0, 256, (2, side, side, channels), dtype=np.uint8)
        values = (black + (white - black) * (pictures.astype(np.float32) / 255)).transpose(0, 3, 1, 2).astype(np.float32)
        session = onnxruntime.InferenceSession(str(paths[name]))
        features = session.run(None, {"pictures": np.ascontiguousarray(values)})[0].reshape(2, -1)
        cases.append(
            {
                "network": name,
                "range": f"{black}..{white}",
                "side": side,
                "channels": channels,
                "pictures": pictures.reshape(2, -1).tolist(),
                "features": features.astype(float).round(6).tolist(),
            }
        )
    versions = {"python": platform.python_version(), "numpy": np.__version__, "onnx": onnx.__version__}
    versions["onnxruntime"] = onnxruntime.__version__
    (HERE / "feature_network.json").write_text(json.dumps({"versions": versions, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
