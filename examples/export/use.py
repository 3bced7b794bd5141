"""What an exported network says of cropped faces: `python use.py expression.onnx face.png …` (onnxruntime, pillow)."""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession(sys.argv[1])
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
for path in sys.argv[2:]:
    picture = np.asarray(Image.open(path).convert("RGB"))
    (rows,) = session.run(None, {"pictures": picture[np.newaxis]})
    print(json.dumps({"image": path, "probabilities": dict(zip(classes, rows[0].tolist(), strict=True))}))
