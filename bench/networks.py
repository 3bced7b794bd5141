"""The peers' networks, as a PyTorch user would write them."""

import math

import torch
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


def normed(layer, n):
    return [layer, nn.InstanceNorm2d(n, affine=True), nn.ReLU(inplace=True)]


class Residual(nn.Module):
    def __init__(self, n):
        super().__init__()
        second = [nn.Conv2d(n, n, 3, padding=1, bias=False), nn.InstanceNorm2d(n, affine=True)]
        self.main = nn.Sequential(*normed(nn.Conv2d(n, n, 3, padding=1, bias=False), n), *second)

    def forward(self, x):
        return x + self.main(x)


class StarGanGenerator(nn.Module):
    """StarGAN's generator (Choi et al. 2018): labels as planes beside the colours."""

    def __init__(self, n, n_blocks=6, n_classes=7):
        super().__init__()
        layers = normed(nn.Conv2d(3 + n_classes, n, 7, padding=3, bias=False), n)
        for _ in range(2):
            layers += normed(nn.Conv2d(n, 2 * n, 4, 2, 1, bias=False), 2 * n)
            n *= 2
        layers += [Residual(n) for _ in range(n_blocks)]
        for _ in range(2):
            layers += normed(nn.ConvTranspose2d(n, n // 2, 4, 2, 1, bias=False), n // 2)
            n //= 2
        self.main = nn.Sequential(*layers, nn.Conv2d(n, 3, 7, padding=3, bias=False), nn.Tanh())

    def forward(self, x, labels):
        planes = labels[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.main(torch.cat([x, planes], 1))


class StarGanCritic(nn.Module):
    """StarGAN's critic for 64 pixels: six halvings, a score of each patch, the label's logits."""

    def __init__(self, n, n_classes=7):
        super().__init__()
        layers, n_in = [], 3
        for _ in range(6):
            layers += [nn.Conv2d(n_in, n, 4, 2, 1), nn.LeakyReLU(0.01)]
            n_in, n = n, 2 * n
        self.main = nn.Sequential(*layers)
        self.score = nn.Conv2d(n_in, 1, 3, padding=1, bias=False)
        self.classes = nn.Conv2d(n_in, n_classes, 1, bias=False)

    def forward(self, x):
        x = self.main(x)
        return self.score(x), self.classes(x).flatten(1)


class Modulated(nn.Module):
    """A convolution whose channels a style scales: activations before and after it, which is the same as weights and one convolution for
    all pictures instead of one each: a grouped one takes 1.2 to 1.7 times as long with channels last, and as long with channels first, where
    filters and transposed convolutions are slower."""

    def __init__(self, n_in, n_out, k=3, up=False, demodulate=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, k, k))
        self.affine = nn.Linear(512, n_in)
        self.up, self.demodulate, self.gain = up, demodulate, 1.0 if demodulate else 1 / math.sqrt(n_in * k * k)
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("filter", (torch.outer(taps, taps) / 16).expand(n_out, 1, 4, 4).contiguous())

    def forward(self, x, style):
        style = self.affine(style) * self.gain
        x = x * style[:, :, None, None]
        if self.up:
            x = F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2)
            x = F.conv2d(x, self.filter, padding=1, groups=x.shape[1])
        else:
            x = F.conv2d(x, self.weight, padding=self.weight.shape[2] // 2)
        if self.demodulate:
            squares = self.weight.square().sum((2, 3))
            x = x * (style.square() @ squares.t() + 1e-8).rsqrt()[:, :, None, None]
        return x


class Styled(nn.Module):
    """A modulated convolution, noise, bias, leaky ReLU."""

    def __init__(self, n_in, n_out, side, up):
        super().__init__()
        self.convolution = Modulated(n_in, n_out, up=up)
        self.register_buffer("noise", torch.randn(side, side))
        self.strength = nn.Parameter(torch.zeros([]))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x, style):
        x = self.convolution(x, style) + self.noise * self.strength
        return F.leaky_relu(x.add_(self.bias[:, None, None]), 0.2).mul_(math.sqrt(2))


class StyleGan2Synthesis(nn.Module):
    """StyleGAN2's synthesis (Karras et al. 2020, skip connections), channels 16384 / side and at most 512."""

    def __init__(self, side):
        super().__init__()
        channels = lambda side: min(16384 // side, 512)
        self.start = nn.Parameter(torch.randn(1, channels(4), 4, 4))
        self.layers, self.pictures = nn.ModuleList(), nn.ModuleList()
        self.biases = nn.ParameterList()
        s = 4
        while s <= side:
            n = channels(s)
            first = [Styled(channels(s // 2), n, s, True)] if s > 4 else []
            self.layers.append(nn.ModuleList([*first, Styled(n, n, s, False)]))
            self.pictures.append(Modulated(n, 3, 1, demodulate=False))
            self.biases.append(nn.Parameter(torch.zeros(3)))
            s *= 2
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("filter", (torch.outer(taps, taps) / 16).expand(3, 1, 4, 4).contiguous())

    def forward(self, styles):
        x, picture, i = self.start.expand(len(styles), -1, -1, -1), None, 0
        for layers, to_picture, bias in zip(self.layers, self.pictures, self.biases):
            for layer in layers:
                x = layer(x, styles[:, i])
                i += 1
            if picture is not None:
                # Zeros between the pixels, then the filter: a transposed convolution.
                picture = F.conv_transpose2d(picture, self.filter, stride=2, padding=1, groups=3)
            add = to_picture(x, styles[:, i]) + bias[:, None, None]
            picture = add if picture is None else picture + add
        return picture


def network(name):
    """The network that our side calls by the same name."""
    return {"compact": Compact, "table1-same": lambda: Table1(1), "table1-valid": lambda: Table1(0), "vgg16": Vgg16}[name]()
