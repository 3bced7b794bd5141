"""Writes gan.json: what the public implementations of StarGAN and StyleGAN2 give for weights and inputs that a formula makes.

Run: python -O reference/gan.py STARGAN_FOLDER STYLEGAN2_ADA_PYTORCH_FOLDER > reference/gan.json     (needs torch and numpy)

-O, because StyleGAN2's code asserts 32 bits in places. The folders are checkouts of the public repositories yunjey/stargan and NVlabs/stylegan2-ada-pytorch; nothing of them is copied here. Every
tensor is filled by `numbers(name, n)` below, which `crates/howfar-net/tests/gan.rs` repeats, so that no weights need to be kept. Of every
result the sum, the sum of squares and numbers at equal distances are written, gradients of penalties by double backward in
64 bits.
"""

import json
import sys

import numpy as np
import torch

N_KEPT = 24


def numbers(name, n):
    """n numbers in -1..1 that depend on the name: FNV-1a of it, then a multiplicative hash of each index."""
    salt = 2166136261
    for byte in name.encode():
        salt = ((salt ^ byte) * 16777619) % 2**32
    x = (np.arange(n, dtype=np.uint64) + 1) * np.uint64(2654435761) % 2**32
    x ^= np.uint64(salt)
    x ^= x >> 16
    x = x * np.uint64(0x85EBCA6B) % 2**32
    x ^= x >> 13
    return (x >> 8).astype(np.float64) / 2**23 - 1.0


def tensor(name, shape, scale=1.0):
    n = int(np.prod(shape))
    return torch.tensor((numbers(name, n) * scale).astype(np.float32).astype(np.float64)).reshape(shape)


def fill(module, prefix, scale_of):
    """Gives every tensor of a network its numbers; scale_of(name, shape) returns (scale, offset)."""
    with torch.no_grad():
        for name, t in list(module.named_parameters()) + list(module.named_buffers()):
            if "running" in name or "num_batches" in name or name.endswith("resample_filter"):
                continue
            scale, offset = scale_of(name, tuple(t.shape))
            t.copy_(tensor(prefix + name, tuple(t.shape), scale) + offset)


def summary(t):
    values = t.detach().double().contiguous().flatten().numpy()
    step = max(1, len(values) // N_KEPT)
    return {
        "n": len(values),
        "sum": float(values.sum()),
        "squares": float((values**2).sum()),
        "step": step,
        "values": [float(v) for v in values[::step][:N_KEPT]],
    }


def last(t):
    """Channels last, as ours."""
    return t.permute(0, 2, 3, 1)


def gradients(module):
    return {n: summary(p.grad) for n, p in module.named_parameters() if p.grad is not None}


def stargan(folder):
    sys.path.insert(0, folder)
    import model

    def scale_of(name, shape):
        if len(shape) == 4:
            return (shape[1] * shape[2] * shape[3]) ** -0.5 * 2, 0.0
        return 0.3, 1.0 if name.endswith("weight") else 0.0

    generator = model.Generator(conv_dim=4, c_dim=3, repeat_num=2).double()
    critic = model.Discriminator(image_size=48, conv_dim=4, c_dim=3, repeat_num=4).double()
    fill(generator, "G.", scale_of)
    fill(critic, "D.", scale_of)
    faces = tensor("faces", (2, 48, 48, 3)).permute(0, 3, 1, 2).contiguous()
    labels = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]).double()
    generator.train()  # instance statistics, as in its training
    out = {"transfer": summary(last(generator(faces, labels)))}
    scores, classes = critic(faces)
    out["scores"], out["classes"] = summary(last(scores)), summary(classes)
    x = faces.clone().requires_grad_()
    scores, _ = critic(x)
    (g,) = torch.autograd.grad(scores, x, torch.ones_like(scores), create_graph=True)
    penalty = ((g.flatten(1).norm(dim=1) - 1) ** 2).mean()
    penalty.backward()
    out["penalty"], out["penalty_gradients"] = penalty.item(), gradients(critic)
    return out


def stylegan2(folder):
    sys.path.insert(0, folder)
    from training import networks

    def scale_of(name, shape):
        if name.endswith("affine.bias"):
            return 0.3, 1.0
        if name.endswith("weight") and "mapping" in name:
            return 150.0, 0.0
        if name.endswith("noise_strength"):
            return 0.5, 0.0
        return (1.5, 0.0) if name.endswith(("weight", "const")) else (0.3, 0.0)

    sizes = dict(channel_base=128, channel_max=8)
    g = networks.Generator(16, 0, 12, 32, 3, mapping_kwargs=dict(num_layers=3), synthesis_kwargs=sizes).double()
    d = networks.Discriminator(0, 32, 3, epilogue_kwargs=dict(mbstd_group_size=4), **sizes).double()
    # Its mapping and its networks turn to 32 bits in places; these lines keep 64.
    to = torch.Tensor.to

    def keep(t, *args, **kwargs):
        args = [torch.float64 if a is torch.float32 else a for a in args]
        if kwargs.get("dtype") is torch.float32:
            kwargs["dtype"] = torch.float64
        return to(t, *args, **kwargs)

    torch.Tensor.to = keep
    fill(g, "G.", scale_of)
    fill(d, "D.", scale_of)
    z = tensor("z", (4, 16), 1.7)
    out = {}
    g.eval()
    ws = g.mapping(z, None)
    out["mapping"] = summary(ws[:, 0])
    out["truncated"] = summary(g.mapping(z, None, truncation_psi=0.6)[:, 0])
    pictures = g.synthesis(ws, noise_mode="const", fused_modconv=False)
    out["pictures"] = summary(last(pictures))
    faces = tensor("faces", (4, 32, 32, 3)).permute(0, 3, 1, 2).contiguous()
    out["logits"] = summary(d(faces, None))

    # R1: the squared length of the gradient, mean over the batch.
    x = faces.clone().requires_grad_()
    (grad,) = torch.autograd.grad(d(x, None).sum(), x, create_graph=True)
    penalty = grad.square().sum([1, 2, 3]).mean()
    penalty.backward()
    out["r1"], out["r1_gradients"] = penalty.item(), gradients(d)

    # Path length with a mean that stands still.
    ws = g.mapping(z, None)
    pictures = g.synthesis(ws, noise_mode="const", fused_modconv=False)
    noise = tensor("path noise", (4, 32, 32, 3)).permute(0, 3, 1, 2)
    (grad,) = torch.autograd.grad((pictures * noise / 32).sum(), ws, create_graph=True)
    lengths = grad.square().sum(2).mean(1).sqrt()
    penalty = (lengths - 0.5).square().mean()
    penalty.backward()
    out["path"], out["path_gradients"] = penalty.item(), gradients(g)
    out["path_lengths"] = summary(lengths)
    return out


def main():
    torch.manual_seed(0)
    result = {"torch": torch.__version__, "stargan": stargan(sys.argv[1]), "stylegan2": stylegan2(sys.argv[2])}
    print(json.dumps(result, indent=1))


main()
