"""The networks of howfar in PyTorch, for the weights of `howfar export MODEL --as torch`.

`load("model.pt")` gives a module from scaled faces `[N, C, S, S]` to logits; as a program,
`python torch_model.py model.pt face.png …`, it says what a network of the recipe `modern` makes of gray faces.
"""

import json
import sys

import torch
from torch import nn

# Which blocks halve the picture, by the number of blocks: table 1 has 4, as `compact` and `medium`, VGG16 has 13.
POOLS = {"table1": [1, 2, 3], "compact": [0, 1, 2, 3], "vgg16": [1, 3, 6, 9, 12]}


def load(path, padding=1):
    """`padding=0` for `table1-valid`."""
    weights = torch.load(path, weights_only=True)
    n_blocks = sum(name.endswith("convolution.weight") for name in weights)
    n_dense = sum(name.startswith("dense") and name.endswith("weight") for name in weights)
    has_norm = "block1.norm.weight" in weights
    pools = POOLS["compact" if has_norm else "table1" if n_blocks == 4 else "vgg16"]
    network, names = nn.Sequential(), {}
    for i in range(n_blocks):
        n_out, n_in = weights[f"block{i + 1}.convolution.weight"].shape[:2]
        network.append(nn.Conv2d(n_in, n_out, 3, padding=padding))
        names[len(network) - 1] = f"block{i + 1}.convolution"
        if has_norm:
            network.append(nn.BatchNorm2d(n_out))
            names[len(network) - 1] = f"block{i + 1}.norm"
        network.append(nn.ReLU())
        if i in pools:
            network.append(nn.MaxPool2d(2))
    network.append(nn.Flatten())
    for i in range(n_dense):
        n_out, n_in = weights[f"dense{i + 1}.weight"].shape
        network.append(nn.Linear(n_in, n_out))
        names[len(network) - 1] = f"dense{i + 1}"
        if i + 1 < n_dense:
            network.append(nn.ReLU())
    of_layer = {name: str(place) for place, name in names.items()}
    renamed = {f"{of_layer[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": w for name, w in weights.items()}
    network.load_state_dict(renamed, strict=False)
    return network.eval()


if __name__ == "__main__":
    import numpy as np
    from PIL import Image

    network = load(sys.argv[1])
    for path in sys.argv[2:]:
        face = torch.from_numpy(np.asarray(Image.open(path).convert("L")).astype(np.float32))
        face = (face - face.mean()) / face.std(correction=0).clamp(min=1)
        with torch.inference_mode():
            print(json.dumps({"image": path, "probabilities": network(face[None, None]).softmax(1)[0].tolist()}))
