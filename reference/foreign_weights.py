"""Writes tiny weight files in the formats of other programs, for the tests of howfar-import.

Run: python reference/foreign_weights.py     (needs torch)

Our own numbers (i-th of a tensor: i / 8), our own layers; only the pickles' structure is that of the public programs.
"""

import collections
import io
import pickle
import sys
import types
from pathlib import Path

import torch
from torch import nn

OUT = Path(__file__).parent.parent / "crates/howfar-import/tests/data"
OUT.mkdir(parents=True, exist_ok=True)


def counted(*shape):
    n = torch.Size(shape).numel()
    return (torch.arange(n, dtype=torch.float32) / 8).reshape(shape)


def stargan_generator(conv_dim=2, c_dim=3, repeat_num=1):
    state = collections.OrderedDict()

    def norm(name, n):
        for part in ["weight", "bias", "running_mean", "running_var"]:
            state[f"{name}.{part}"] = counted(n)
        state[f"{name}.num_batches_tracked"] = torch.tensor(7)

    state["main.0.weight"] = counted(conv_dim, 3 + c_dim, 7, 7)
    norm("main.1", conv_dim)
    n = conv_dim
    for at in [3, 6]:
        state[f"main.{at}.weight"] = counted(2 * n, n, 4, 4)
        norm(f"main.{at + 1}", 2 * n)
        n *= 2
    for at in range(9, 9 + repeat_num):
        for part in [0, 3]:
            state[f"main.{at}.main.{part}.weight"] = counted(n, n, 3, 3)
            norm(f"main.{at}.main.{part + 1}", n)
    for at in [9 + repeat_num, 12 + repeat_num]:
        state[f"main.{at}.weight"] = counted(n, n // 2, 4, 4)
        norm(f"main.{at + 1}", n // 2)
        n //= 2
    state[f"main.{15 + repeat_num}.weight"] = counted(3, conv_dim, 7, 7)
    return state


def kinds():
    base = counted(4, 6)
    return {
        "float32": base, "transposed": base.t(), "part": base[1:3, ::2], "float16": base.half(),
        "float64": base.double(), "bfloat16": base.bfloat16(), "int64": torch.arange(-3, 3), "scalar": torch.tensor(0.5),
    }


class Sourced:
    """Pickles as stylegan2-ada's persistent classes do: a function, and a dictionary with source text and state."""

    def __init__(self, class_name, kwargs=None, **parts):
        self.class_name = class_name
        self.state = {"_init_kwargs": kwargs or {}, "_parameters": {}, "_buffers": {}, "_modules": {}, "training": False}
        for name, part in parts.items():
            kind = "_modules" if isinstance(part, Sourced) else "_parameters"
            self.state[kind][name] = nn.Parameter(part) if kind == "_parameters" else part

    def __reduce__(self):
        meta = dict(type="class", version=6, module_src="raise SystemExit('ran')", class_name=self.class_name, state=self.state)
        return rebuild, (meta,), None


def rebuild(meta):
    raise NotImplementedError


def stylegan2():
    module = types.ModuleType("torch_utils.persistence")
    module._reconstruct_persistent_obj = rebuild
    rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = module.__name__, "_reconstruct_persistent_obj", "_reconstruct_persistent_obj"
    sys.modules["torch_utils"], sys.modules["torch_utils.persistence"] = types.ModuleType("torch_utils"), module

    def dense(n_in, n_out):
        return Sourced("FullyConnectedLayer", weight=counted(n_out, n_in), bias=counted(n_out))

    def conv(n_in, n_out, side, kernel=3):
        return Sourced("SynthesisLayer", weight=counted(n_out, n_in, kernel, kernel), bias=counted(n_out), affine=dense(4, n_in))

    blocks = {"b4": Sourced("SynthesisBlock", const=counted(3, 4, 4), conv1=conv(3, 3, 4), torgb=conv(3, 1, 4, 1)),
              "b8": Sourced("SynthesisBlock", conv0=conv(3, 2, 8), conv1=conv(2, 2, 8), torgb=conv(2, 1, 8, 1))}
    kwargs = {"z_dim": 5, "c_dim": 0, "w_dim": 4, "img_resolution": 8, "img_channels": 1, "synthesis_kwargs": {"conv_clamp": 256}}
    return Sourced("Generator", kwargs, mapping=Sourced("MappingNetwork", fc0=dense(5, 4), fc1=dense(4, 4)),
                   synthesis=Sourced("SynthesisNetwork", **blocks))


torch.save(stargan_generator(), OUT / "stargan.ckpt")
torch.save(kinds(), OUT / "kinds.pt")
torch.save(kinds(), OUT / "kinds_older.pt", _use_new_zipfile_serialization=False)
layers = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3))
for tensor in layers.state_dict().values():
    if tensor.dim():
        tensor.copy_(counted(*tensor.shape))
torch.save(layers, OUT / "module.pt")
with open(OUT / "stylegan2.pkl", "wb") as file:
    pickle.dump({"G_ema": stylegan2(), "augment_pipe": None, "training_set_kwargs": {}}, file, protocol=4)
