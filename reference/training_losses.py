"""Writes training_losses.json: PyTorch's losses for the networks of howfar-net, step by step, and their parameter counts.

Run: python reference/training_losses.py     (needs torch and numpy; versions are written into the file)

Nothing is dropped out, so that both sides see the same numbers. They come from SplitMix64: the i-th number of a stream,
counted from 0, mixes `seed + (i + 1) * 0x9e3779b97f4a7c15` and keeps the upper 24 bits u of 64.
- Stream 6, the weights: tensor after tensor in the order of the layers (weight, bias; scale, shift), each row by row.
  `(u / 2^23 - 1) * a` with a = sqrt(2 / fan-in) for tensors with a fan-in and 0.1 for the others; a scale is 1 more, and so is
  the bias of the hidden dense layer.
- Stream 2, the batches: picture after picture, its label `u * 6 >> 24`, then its pixels `u / 2^25` row by row, 0.5
  brighter where row * 6 // side is the label. Four batches take turns.

`losses` are computed with 64-bit floats; `losses_32_bit` are the same with 32-bit floats, as howfar computes, and show what
rounding alone does: within 50 steps it moves PyTorch's own losses by up to 6e-3. Training can be chaotic: a hidden unit that
is 0 for the whole batch gets no gradient, and one that rounding lifts above 0 gets a full step of Adam in each of its 8,192
weights; hidden biases around 1 make that rare. After the last step come the losses of the batches in evaluation mode and the running variances of the normalised blocks.
"""

import json
import platform
from pathlib import Path

import numpy as np
import torch
from torch import nn

N_CLASSES, SIDE, N_STEPS, N_BATCHES = 6, 64, 50, 4
# Channels out and pooling of each block, as in crates/howfar-network/src/table.rs.
TABLE_1 = [(32, False), (64, True), (128, True), (128, True)]
VGG16 = [(n, i == last) for n, last in [(64, 1), (128, 1), (256, 2), (512, 2), (512, 2)] for i in range(last + 1)]
N_HIDDEN = 1024
COMPACT = [(12, True), (24, True), (32, True), (32, True)]
NORMED = {"compact": COMPACT, "medium": [(2 * n, pool) for n, pool in COMPACT]}


def blocks(layers, padding, norm, n_in):
    for n_out, pool in layers:
        yield nn.Conv2d(n_in, n_out, 3, padding=padding)
        if norm:
            yield nn.BatchNorm2d(n_out)
        yield nn.ReLU()
        if pool:
            yield nn.MaxPool2d(2)
        n_in = n_out
    yield nn.Flatten()


def network(name, n_channels=1):
    if name in NORMED:
        features = nn.Sequential(*blocks(NORMED[name], 1, True, n_channels))
    else:
        layers = VGG16 if name == "vgg16" else TABLE_1
        features = nn.Sequential(*blocks(layers, 0 if name == "table1-valid" else 1, False, n_channels))
    # In evaluation mode, so that the running statistics stay as they are.
    n_flat = features.eval()(torch.zeros(1, n_channels, SIDE, SIDE)).shape[1]
    if name in NORMED:
        dense = [nn.Linear(n_flat, N_CLASSES)]
    elif name == "vgg16":
        sizes = [n_flat, 4096, 4096, N_CLASSES]
        dense = [layer for i, o in zip(sizes, sizes[1:]) for layer in (nn.Linear(i, o), nn.ReLU())][:-1]
    else:
        dense = [nn.Linear(n_flat, N_HIDDEN), nn.ReLU(), nn.Linear(N_HIDDEN, N_CLASSES)]
    return nn.Sequential(features, *dense).train()


class Stream:
    def __init__(self, seed):
        self.seed, self.used = seed, 0

    def bits(self, n):
        """The next n numbers of 24 bits."""
        i = np.arange(self.used + 1, self.used + n + 1, dtype=np.uint64)
        self.used += n
        z = np.uint64(self.seed) + i * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return (z ^ (z >> np.uint64(31))) >> np.uint64(40)


def fill(model):
    stream = Stream(6)
    for module in model.modules():
        for name, tensor in module.named_parameters(recurse=False):
            unit = stream.bits(tensor.numel()).astype(np.float32) / np.float32(2**23) - np.float32(1)
            bound = np.sqrt(2 / tensor[0].numel()) if tensor.dim() > 1 else 0.1
            values = unit * np.float32(bound)
            if (isinstance(module, nn.BatchNorm2d) and name == "weight") or (name == "bias" and len(tensor) == N_HIDDEN):
                values += np.float32(1)
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(values).view_as(tensor))


def batches(size):
    stream, band = Stream(2), np.arange(SIDE) * N_CLASSES // SIDE
    for _ in range(N_BATCHES):
        labels, pictures = [], []
        for _ in range(size):
            label = int(stream.bits(1)[0]) * N_CLASSES >> 24
            pixels = stream.bits(SIDE * SIDE).astype(np.float32).reshape(SIDE, SIDE) / np.float32(2**25)
            pixels[band == label] += np.float32(0.5)
            labels.append(label)
            pictures.append(pixels)
        yield torch.from_numpy(np.stack(pictures)[:, None]), torch.tensor(labels)


def train(case, dtype):
    """The loss of each batch before its step, then the network's losses in evaluation mode and its running variances."""
    model = network(case["network"])
    fill(model)
    model.to(dtype)
    if case["optimiser"] == "adam":
        optimiser = torch.optim.Adam(model.parameters(), case["rate"])
    else:
        optimiser = torch.optim.AdamW(model.parameters(), case["rate"], weight_decay=case["weight_decay"])
    schedule = None
    if case["schedule"] == "one-cycle":
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, case["rate"], total_steps=N_STEPS, cycle_momentum=False
        )
    criterion = nn.CrossEntropyLoss(label_smoothing=case["label_smoothing"])
    prepared = [(inputs.to(dtype), labels) for inputs, labels in batches(case["batch"])]
    losses = []
    for step in range(N_STEPS):
        inputs, labels = prepared[step % N_BATCHES]
        loss = criterion(model(inputs), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if schedule:
            schedule.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        evaluated = [criterion(model(inputs), labels).item() for inputs, labels in prepared]
    return losses, evaluated, [m.running_var.tolist() for m in model.modules() if isinstance(m, nn.BatchNorm2d)]


def cases():
    """The optimisers, rates, schedules and losses of the recipes, from crates/howfar-protocol/src/settings.rs."""
    paper = {"optimiser": "adam", "weight_decay": 0.0, "rate": 1e-4, "schedule": "constant", "label_smoothing": 0.0}
    modern = {"optimiser": "adamw", "weight_decay": 0.01, "rate": 4e-3, "schedule": "one-cycle", "label_smoothing": 0.05}
    yield {"name": "paper", "network": "table1-same", "batch": 8, **paper}
    yield {"name": "modern", "network": "compact", "batch": 16, **modern}
    # A decay of 0.01 moves these losses by no more than rounding does; one of 1 shows.
    yield {"name": "modern, strong decay", "network": "compact", "batch": 16, **modern, "weight_decay": 1.0}


def main():
    torch.set_num_threads(1)  # One order of sums.
    trained = []
    for case in cases():
        case["losses_32_bit"], case["evaluation_losses_32_bit"], _ = train(case, torch.float32)
        case["losses"], case["evaluation_losses"], case["running_variances"] = train(case, torch.float64)
        trained.append(case)
    names = ("table1-same", "table1-valid", "compact", "medium", "vgg16")
    gray, rgb = ({name: sum(p.numel() for p in network(name, n).parameters()) for name in names} for n in (1, 3))
    contents = {
        "command": "python reference/training_losses.py",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "generator": "SplitMix64, seed 6 for weights, seed 2 for batches; the script says how",
        "n_classes": N_CLASSES,
        "side": SIDE,
        "n_steps": N_STEPS,
        "n_batches": N_BATCHES,
        "parameter_counts": gray,
        "parameter_counts_rgb": rgb,
        "cases": trained,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(contents, indent=1) + "\n")


if __name__ == "__main__":
    main()
