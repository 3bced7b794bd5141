"""The peers' networks, as a PyTorch user would write them."""

import torch.nn.functional as F
from torch import nn


class Table1(nn.Module):
    """Table 1 of Gholipour Picha et al. (2023) for 64 x 64 gray pictures and six expressions."""

    def __init__(self, padding):
        super().__init__()
        sizes = [1, 32, 64, 128, 128]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, 3, padding=padding) for i, o in zip(sizes, sizes[1:])
        )
        self.dense1 = nn.Linear(8192 if padding else 4608, 1024)
        self.dense2 = nn.Linear(1024, 6)
        # Its authors' Keras starts layers so, and so do ours.
        for layer in [*self.convolutions, self.dense1, self.dense2]:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        c1, c2, c3, c4 = self.convolutions
        x = F.relu(c1(x))
        x = F.dropout(F.max_pool2d(F.relu(c2(x)), 2), 0.25, self.training)
        x = F.max_pool2d(F.relu(c3(x)), 2)
        x = F.dropout(F.max_pool2d(F.relu(c4(x)), 2), 0.25, self.training)
        x = F.dropout(F.relu(self.dense1(x.flatten(1))), 0.5, self.training)
        return self.dense2(x)


class Vgg16(nn.Module):
    """VGG16 (Simonyan and Zisserman, 2015) for 64 x 64 pictures: thirteen convolutions, two hidden layers."""

    def __init__(self, n_channels=1):
        super().__init__()
        layers, n_in = [], n_channels
        for n_out, n_layers in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
            for _ in range(n_layers):
                layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(inplace=True)]
                n_in = n_out
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.dense = nn.Sequential(
            nn.Linear(2048, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4096, 6),
        )

    def forward(self, x):
        return self.dense(self.features(x).flatten(1))


class Compact(nn.Module):
    """Four normalised blocks and one dense layer; biases start at zero, as ours do."""

    def __init__(self):
        super().__init__()
        layers = []
        for n_in, n_out in [(1, 12), (12, 24), (24, 32), (32, 32)]:
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers, nn.Dropout(0.4), nn.Flatten(), nn.Linear(512, 6))
        for layer in self.layers:
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.layers(x)


def network(name):
    """The network that our side calls by the same name."""
    return {"compact": Compact, "table1-same": lambda: Table1(1), "table1-valid": lambda: Table1(0), "vgg16": Vgg16}[name]()
