"""Compares howfar's pictures with those of the public StyleGAN2 and StarGAN programs, from weight files that those programs write.

Run: python reference/public_weights.py HOWFAR STYLEGAN2_ADA_PYTORCH_FOLDER STARGAN_FOLDER [--full]     (needs torch; torchvision for --full)

HOWFAR is the binary; the folders are checkouts of NVlabs/stylegan2-ada-pytorch and yunjey/stargan, of which nothing is copied here. Their code makes
networks with random numbers, writes the files as it does in training (networks of StyleGAN2 with their source text, StarGAN's in both of PyTorch's
formats), and draws pictures. `howfar weights import` reads the files, `howfar generator run` draws from the same latents, faces and labels.
One line a file: the largest difference of two numbers of a picture, which lies in -1..1. Exit code 1 where one is above 1e-3.
--full adds the sizes of published files: StyleGAN2 at 1024 pixels in configuration F, StarGAN at 128 pixels, torchvision's VGG16.
"""

import copy
import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

WITHIN = 1e-3
failed = False


def write_safetensors(path, tensors):
    header, blobs, at = {}, [], 0
    for name, array in tensors.items():
        blob = np.ascontiguousarray(array, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def read_safetensors(path):
    raw = path.read_bytes()
    n = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + n])
    data = raw[8 + n :]
    parts = {name: info for name, info in header.items() if name != "__metadata__"}
    return {
        name: np.frombuffer(data[slice(*info["data_offsets"])], "<f4").reshape(info["shape"]) for name, info in parts.items()
    }


def howfar(*arguments):
    done = subprocess.run([sys.argv[1], "-q", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"howfar {arguments[0]} failed:\n{done.stderr}")


def compare(name, ours, theirs):
    global failed
    difference = float(np.abs(ours - theirs).max())
    failed |= not difference <= WITHIN
    size = "×".join(map(str, theirs.shape))
    print(f"{name:44} {size:16} largest difference {difference:.1e}, deviation of the numbers {theirs.std():.2f}", flush=True)


def shaken(module):
    """Gives numbers that begin at 0 or 1 others, so that each of them shows in the pictures."""
    with torch.no_grad():
        for name, t in list(module.named_parameters()) + list(module.named_buffers()):
            if name.endswith(("noise_strength", "bias", "w_avg")):
                t.add_(0.3 * torch.randn_like(t))
    return module


def stylegan2(folder, place, name, z_dim, side, channels, n, with_others, **synthesis):
    from dnnlib import EasyDict
    from training import augment, networks

    kwargs = EasyDict(z_dim=z_dim, w_dim=z_dim, mapping_kwargs=EasyDict(num_layers=8 if side == 1024 else 2))
    kwargs.synthesis_kwargs = EasyDict(channel_base=channels[0], channel_max=channels[1], **synthesis)
    common = dict(c_dim=0, img_resolution=side, img_channels=3)
    g = shaken(networks.Generator(**kwargs, **common))
    snapshot = dict(training_set_kwargs=dict(class_name="training.dataset.ImageFolderDataset", resolution=side))
    others = {}
    if with_others:
        others = dict(G=networks.Generator(**kwargs, **common), D=networks.Discriminator(**common, channel_base=channels[0]),
                      augment_pipe=augment.AugmentPipe(xflip=1, rotate90=1, brightness=1))
    for key, module in (others | dict(G_ema=g)).items():
        snapshot[key] = copy.deepcopy(module).eval().requires_grad_(False).cpu()
    with open(place / "network.pkl", "wb") as file:
        pickle.dump(snapshot, file)
    z = torch.randn(n, z_dim)
    write_safetensors(place / "z.safetensors", {"z": z.numpy()})
    howfar("weights", "import", place / "network.pkl", "--out", place / "g.safetensors")
    for psi in [1.0, 0.5]:
        with torch.no_grad():
            theirs = g.eval()(z, None, truncation_psi=psi, noise_mode="const", force_fp32=True).numpy()
        howfar("generator", "run", place / "g.safetensors", place / "z.safetensors", "--truncation", psi, "--out", place / "p.safetensors")
        compare(f"{name}, truncation {psi}", read_safetensors(place / "p.safetensors")["pictures"], theirs)


def stargan(folder, place, conv_dim, repeat_num, side, n):
    import model

    g = shaken(model.Generator(conv_dim=conv_dim, c_dim=5, repeat_num=repeat_num))
    faces, labels = torch.rand(n, 3, side, side) * 2 - 1, torch.eye(5)[torch.arange(n) % 5]
    # Their training mode takes each picture's own statistics, which is what their networks learnt with.
    with torch.no_grad():
        theirs = g.train()(faces, labels).numpy()
    write_safetensors(place / "faces.safetensors", {"faces": faces.numpy(), "labels": labels.numpy()})
    for is_zip in [True, False]:
        torch.save(g.state_dict(), place / "200000-G.ckpt", _use_new_zipfile_serialization=is_zip)
        classes = "black,blond,brown,male,young"
        howfar("weights", "import", place / "200000-G.ckpt", "--classes", classes, "--size", side, "--out", place / "g.safetensors")
        howfar("generator", "run", place / "g.safetensors", place / "faces.safetensors", "--out", place / "p.safetensors")
        name = f"StarGAN {side} px, conv_dim {conv_dim}, {'zip' if is_zip else 'older format'}"
        compare(name, read_safetensors(place / "p.safetensors")["pictures"], theirs)


def vgg16(place):
    import torchvision

    state = torchvision.models.vgg16(weights=None).state_dict()
    torch.save(state, place / "vgg16.pth")
    howfar("weights", "import", place / "vgg16.pth", "--out", place / "vgg16.safetensors")
    taken = read_safetensors(place / "vgg16.safetensors")
    assert taken.keys() == state.keys(), taken.keys()
    worst = max(state, key=lambda name: np.abs(taken[name] - state[name].numpy()).max())
    compare(f"VGG16, {len(state)} tensors", taken[worst], state[worst].numpy())


def main():
    full = "--full" in sys.argv
    sys.path[:0] = [sys.argv[2], sys.argv[3]]
    torch.manual_seed(7)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        stylegan2(sys.argv[2], place, "StyleGAN2 32 px", 64, 32, (512, 32), 4, True)
        stylegan2(sys.argv[2], place, "StyleGAN2 64 px, clamp 256", 128, 64, (2048, 64), 2, True, conv_clamp=256, num_fp16_res=4)
        stylegan2(sys.argv[2], place, "StyleGAN2 64 px, clamp 1", 128, 64, (2048, 64), 2, False, conv_clamp=1)
        stargan(sys.argv[3], place, 8, 2, 64, 5)
        if full:
            stargan(sys.argv[3], place, 64, 6, 128, 2)
            vgg16(place)
            stylegan2(sys.argv[2], place, "StyleGAN2 1024 px, config F", 512, 1024, (32768, 512), 1, True, conv_clamp=256, num_fp16_res=4)
    print("all agree" if not failed else f"a difference is above {WITHIN}")
    sys.exit(failed)


main()
