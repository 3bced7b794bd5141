"""The network of table 1 of Gholipour Picha et al. (2023) in PyTorch, trained as the recipe `paper` trains it.

`[train] command = ["python", "torch_table1.py"]`, `inputs = ["torch_table1.py", "torch_loop.py"]`, and the recipe's
numbers: `epochs = 50`, `batch = 64`, `learning_rate = 1e-4`, `patience = 5`. Needs torch, numpy and howfar.
"""

import howfar
import torch
from torch import nn
from torch_loop import train_and_answer


def block(n_in, n_out, pool=True, dropout=0.0):
    layers = [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU()]
    return layers + [nn.MaxPool2d(2)] * pool + [nn.Dropout(dropout)] * (dropout > 0)


def table1(side, channels, n_classes):
    """8,636,038 parameters for six classes of gray faces of 64 pixels a side."""
    layers = (
        block(channels, 32, pool=False) + block(32, 64, dropout=0.25) + block(64, 128) + block(128, 128, dropout=0.25)
    )
    layers += [nn.Flatten(), nn.Linear(128 * (side // 8) ** 2, 1024), nn.ReLU(), nn.Dropout(0.5)]
    network = nn.Sequential(*layers, nn.Linear(1024, n_classes))
    for layer in network:  # Glorot's, as Keras begins.
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return network


if __name__ == "__main__":
    job = howfar.trainer.job()
    train_and_answer(
        job,
        make_network=lambda: table1(job.side, job.channels, len(job.classes)),
        make_optimiser=lambda parameters: (torch.optim.Adam(parameters, lr=job.settings.learning_rate), None),
        scale=lambda pictures: pictures / 255,
    )
