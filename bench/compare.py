"""Runs ours, the peer and the tuned peer in turn and prints the median of the ratios."""

import json
import os
import statistics
import subprocess
import sys

import accuracy

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = os.environ.get("HOWFAR_BENCH_THREADS", "2")
ROUNDS = int(os.environ.get("HOWFAR_BENCH_ROUNDS", "15"))
# glibc keeps buffers of any size instead of giving them back to the system after each step.
TUNED = {
    "MALLOC_MMAP_THRESHOLD_": "2000000000",
    "MALLOC_TRIM_THRESHOLD_": "8000000000",
    "MALLOC_TOP_PAD_": "268435456",
}
# Name: what is done, network, batch, which number is compared.
BENCHES = {
    "table1-train": ("train", "table1-same", 64, "pictures_per_s"),
    "table1-train-b16": ("train", "table1-same", 16, "pictures_per_s"),
    "table1-valid-train": ("train", "table1-valid", 64, "pictures_per_s"),
    "vgg16-train": ("train", "vgg16", 64, "pictures_per_s"),
    "table1-infer": ("infer", "table1-same", 64, "pictures_per_s"),
    "table1-latency": ("latency", "table1-same", 1, "pictures_per_s"),
    "stargan-forward": ("forward", "stargan", 8, "pictures_per_s"),
    "stargan-step": ("step", "stargan-32", 16, "pictures_per_s"),
    "stylegan2-64-forward": ("forward", "stylegan2-64", 8, "pictures_per_s"),
    "stylegan2-256-forward": ("forward", "stylegan2-256", 4, "pictures_per_s"),
    "memory": ("train", "table1-same", 64, "peak_mb"),
}


# Several in turn under one name; the last line is that of the smallest ratio.
TOGETHER = {"stylegan2-forward": ["stylegan2-64-forward", "stylegan2-256-forward"]}


class Program:
    """A program that measures a while whenever it is told to, so that two of them see the same neighbours on the cores."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.measure()  # Memory is fetched for the first time here.

    def measure(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(self.process.args)} failed")
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def peer_programs(name, release):
    what, network, batch, _ = BENCHES[name]
    arguments = [what, network, str(batch), THREADS]
    peer = [sys.executable, f"{HERE}/peer.py", *arguments]
    return [Program([f"{release}/examples/speed", *arguments], {}), Program(peer, {}), Program(peer, TUNED)]


def compare(name, number, programs, n_rounds):
    """The ratio, and the line that says it."""
    rounds = []
    for i in range(n_rounds):
        rounds.append([program.measure()[number] for program in programs])
        print(f"round {i + 1}: " + ", ".join(f"{value:.1f}" for value in rounds[-1]), file=sys.stderr)
    columns = [statistics.median(column) for column in zip(*rounds)]
    if number == "peak_mb":
        ratios = [(plain / own, tuned / own) for own, plain, tuned in rounds]
    else:
        ratios = [(own / plain, own / tuned) for own, plain, tuned in rounds]
    untuned, tuned = (statistics.median(column) for column in zip(*ratios))
    unit = "MB" if number == "peak_mb" else "pictures/s"
    ours, plain, best = (f"{value:.{0 if value >= 100 else 1}f} {unit}" for value in columns)
    return tuned, f"{name} ratio {untuned:.2f} tuned {tuned:.2f} (ours {ours}, peer {plain}, peer tuned {best})"


def main():
    if sys.argv[1] == "--list":
        print("|".join([*BENCHES, *TOGETHER, "study", *accuracy.COMPARISONS]))
        return
    name, release = sys.argv[1], sys.argv[2]
    if name in accuracy.COMPARISONS:
        accuracy.main(name, release, THREADS)
    elif name == "study":
        import study

        programs = study.programs(release, THREADS, TUNED)
        print(compare(name, "pictures_per_s", programs, min(ROUNDS, study.MOST_ROUNDS))[1])
    elif name in BENCHES or name in TOGETHER:
        lines = []
        for one in TOGETHER.get(name, [name]):
            programs = peer_programs(one, release)
            lines.append(compare(one, BENCHES[one][3], programs, ROUNDS))
            for program in programs:
                program.end()
        for _, line in sorted(lines, reverse=True):
            print(line)
    else:
        sys.exit(f"unknown: {name}")


main()
