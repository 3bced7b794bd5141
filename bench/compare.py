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
    "memory": ("train", "table1-same", 64, "peak_mb"),
}


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


def main():
    if sys.argv[1] == "--list":
        print("|".join([*BENCHES, "study", *accuracy.COMPARISONS]))
        return
    name, release = sys.argv[1], sys.argv[2]
    n_rounds = ROUNDS
    if name in accuracy.COMPARISONS:
        accuracy.main(name, release, THREADS)
        return
    if name == "study":
        import study

        number, programs = "pictures_per_s", study.programs(release, THREADS, TUNED)
        n_rounds = min(ROUNDS, study.MOST_ROUNDS)
    elif name in BENCHES:
        what, network, batch, number = BENCHES[name]
        arguments = [what, network, str(batch), THREADS]
        peer = [sys.executable, f"{HERE}/peer.py", *arguments]
        programs = [
            Program([f"{release}/examples/speed", *arguments], {}), Program(peer, {}), Program(peer, TUNED)
        ]
    else:
        sys.exit(f"unknown: {name}")
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
    ours, plain, best = (f"{value:.0f} {unit}" for value in columns)
    print(f"{name} ratio {untuned:.2f} tuned {tuned:.2f} (ours {ours}, peer {plain}, peer tuned {best})")


main()
