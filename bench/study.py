"""A whole small study: `howfar run` against the same grid as a PyTorch script that holds all pictures in memory.

Both train table 1 (`same`, batch 64) for every k and seed on as many pictures for as many epochs, validate after each
epoch, and stop early never. Drawing and preparing the faces is nobody's time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STUDY = """name = "speed"
seed = 1
recipe = "paper"
[real]
sets = ["faces/real"]
split = { train = 8, validation = 4, test = 8 }
[generated]
sets = ["faces/generated"]
[grid]
k = [0, 1, 2, 5]
arms = ["mix"]
seeds = 3
[train]
network = "table1-same"
batch = 64
epochs = 2
patience = 1000
"""
# As the study file above cuts them: six faces per person; k times eight generated persons.
N_REAL, N_VALIDATION, KS, N_SEEDS, N_EPOCHS = 48, 24, [0, 1, 2, 5], 3, 2
# A round takes a minute or two.
MOST_ROUNDS = 3
N_PICTURES = N_SEEDS * N_EPOCHS * sum(N_REAL * (1 + k) for k in KS)


class Ours:
    """`howfar run` on drawn faces, from the beginning each time."""

    def __init__(self, release):
        self.howfar = os.path.join(os.path.abspath(release), "howfar")
        self.folder = tempfile.mkdtemp()
        for name, style, people, seed in [("real", "studio", 20, 1), ("generated", "wild", 48, 2)]:
            out = os.path.join(self.folder, "faces", name)
            self.call("draw", "--style", style, "--people", str(people), "--name", name, "--seed", str(seed), "--out", out)
        with open(os.path.join(self.folder, "study.toml"), "w") as file:
            file.write(STUDY)

    def call(self, *arguments):
        subprocess.run([self.howfar, *arguments, "--quiet"], check=True, capture_output=True, cwd=self.folder)

    def measure(self):
        shutil.rmtree(os.path.join(self.folder, "out"), ignore_errors=True)
        start = time.perf_counter()
        self.call("run", "study.toml", "--out", "out")
        return {"pictures_per_s": N_PICTURES / (time.perf_counter() - start)}


class Peer:
    """This file as a program of its own."""

    def __init__(self, threads, environment):
        self.command = [sys.executable, os.path.abspath(__file__), threads]
        self.environment = {**os.environ, **environment}

    def measure(self):
        done = subprocess.run(self.command, env=self.environment, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)


def programs(release, threads, tuned):
    # Ours takes all cores that it may use.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    return [Ours(release), Peer(threads, {}), Peer(threads, tuned)]


def main():
    import torch
    import torch.nn.functional as F

    from networks import network

    torch.set_num_threads(int(sys.argv[1]))
    start = time.perf_counter()
    for k in KS:
        for seed in range(N_SEEDS):
            torch.manual_seed(seed)
            net = network("table1-same").to(memory_format=torch.channels_last)
            optimiser = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
            n = N_REAL * (1 + k)
            pictures = [torch.rand(count, 1, 64, 64) for count in (n, N_VALIDATION)]
            pictures, validation = (x.to(memory_format=torch.channels_last) for x in pictures)
            labels = torch.randint(0, 6, (n,))
            for _ in range(N_EPOCHS):
                net.train()
                for batch in torch.randperm(n).split(64):
                    optimiser.zero_grad()
                    F.cross_entropy(net(pictures[batch]), labels[batch]).backward()
                    optimiser.step()
                net.eval()
                with torch.inference_mode():
                    net(validation)
    print(json.dumps({"pictures_per_s": N_PICTURES / (time.perf_counter() - start)}))


if __name__ == "__main__":
    main()
