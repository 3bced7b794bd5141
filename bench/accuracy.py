"""Whether ours learns as well as PyTorch: mean test accuracy over ten seeds, with dropout, on drawn faces.

Both train the same network on the same people with the same settings (the same initial distribution, Adam, the epoch with the
lowest validation loss is kept) and are tested on the same other people. Only the random numbers differ.
"""

import copy
import csv
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

N_SEEDS, BATCH = 10, 16
# Ten other seeds for every other number.
SEED = int(os.environ.get("HOWFAR_BENCH_SEED", "1"))
# Student's t: 97.5 % at 18 degrees of freedom, two samples of ten.
T = 2.101


@dataclass
class Comparison:
    """What both train, and on how many people of six faces each."""

    network: str
    n_epochs: int
    rate: float
    people: dict


COMPARISONS = {
    "accuracy": Comparison("compact", 30, 1e-3, {"train": 60, "validation": 10, "test": 70}),
    "accuracy-table1": Comparison("table1-same", 20, 5e-4, {"train": 60, "validation": 10, "test": 70}),
}
STUDY = f"""name = "accuracy"
seed = {SEED}
recipe = "paper"
[real]
sets = ["faces"]
split = {{ file = "split.csv" }}
[grid]
k = [0]
arms = []
seeds = {N_SEEDS}
[train]
batch = {BATCH}
patience = 1000
"""


def draw(howfar, folder, comparison):
    """A face set, who is on which side, and the study."""
    n_people = sum(comparison.people.values())
    howfar("draw", "--style", "studio", "--people", str(n_people), "--name", "faces", "--seed", "1", "--out", "faces")
    howfar("faces", "export", "faces", "--out", "exported")
    people = sorted({person(file) for file in folder.glob("exported/*/*.png")})
    parts = [part for part, n in comparison.people.items() for _ in range(n)]
    with open(folder / "split.csv", "w") as file:
        csv.writer(file).writerows([("subject", "part"), *zip(people, parts)])
    (folder / "study.toml").write_text(
        f'{STUDY}network = "{comparison.network}"\nepochs = {comparison.n_epochs}\nlearning_rate = {comparison.rate}\n'
    )
    return dict(zip(people, parts))


def person(file):
    """The subject as it stands in a split file: database:person."""
    return ":".join(file.name.split("__")[:2])


def ours(howfar, folder):
    """Mean and deviation of our test accuracies, in per cent."""
    howfar("run", "study.toml", "--out", "out")
    with open(folder / "out" / "table.csv") as file:
        (row,) = (row for row in csv.DictReader(file) if row["part"] == "test")
    assert int(row["n_cells"]) == N_SEEDS
    return float(row["accuracy_percent"]), float(row["accuracy_sd_points"])


def load(folder, part_of):
    """Pictures and labels of each part."""
    import numpy as np
    import torch
    from PIL import Image

    faces = {part: ([], []) for part in set(part_of.values())}
    for label, a_class in enumerate(sorted(path.name for path in (folder / "exported").iterdir())):
        for file in sorted((folder / "exported" / a_class).iterdir()):
            pictures, labels = faces[part_of[person(file)]]
            pictures.append(np.asarray(Image.open(file), dtype=np.float32)[None] / 255)
            labels.append(label)
    return {part: (torch.from_numpy(np.stack(x)), torch.tensor(y)) for part, (x, y) in faces.items()}


def train(seed, faces, comparison):
    """The test accuracy of one PyTorch network, in per cent."""
    import torch
    import torch.nn.functional as F

    from networks import network

    torch.manual_seed(seed)
    net = network(comparison.network).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(net.parameters(), lr=comparison.rate, fused=True)
    (x, y), best = faces["train"], (float("inf"), None)
    for _ in range(comparison.n_epochs):
        net.train()
        for batch in torch.randperm(len(y)).split(BATCH):
            optimiser.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()
            optimiser.step()
        net.eval()
        with torch.inference_mode():
            loss = F.cross_entropy(net(faces["validation"][0]), faces["validation"][1]).item()
        if loss < best[0]:
            best = loss, copy.deepcopy(net.state_dict())
    net.load_state_dict(best[1])
    with torch.inference_mode():
        x, y = faces["test"]
        return 100 * (net(x).argmax(1) == y).float().mean().item()


def main(name, release, threads):
    import torch

    comparison = COMPARISONS[name]
    torch.set_num_threads(int(threads))
    program = os.path.join(os.path.abspath(release), "howfar")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)

        def howfar(*arguments):
            subprocess.run([program, *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL, cwd=folder)

        part_of = draw(howfar, folder, comparison)
        mean, deviation = ours(howfar, folder)
        faces, theirs = load(folder, part_of), []
        for seed in range(N_SEEDS):
            theirs.append(train((SEED - 1) * N_SEEDS + seed, faces, comparison))
            print(f"peer, seed {seed + 1}: {theirs[-1]:.1f} %", file=sys.stderr)
    difference = mean - statistics.mean(theirs)
    half = T * ((deviation**2 + statistics.variance(theirs)) / N_SEEDS) ** 0.5
    print(
        f"{name} difference {difference:+.2f} points, 95 % interval {difference - half:+.2f} to {difference + half:+.2f} "
        f"(ours {mean:.2f} ± {deviation:.2f} %, peer {statistics.mean(theirs):.2f} ± {statistics.stdev(theirs):.2f} %)"
    )
