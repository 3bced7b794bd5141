#!/usr/bin/env python3
"""A study with HyperQueue, by its Python package (`python3 -m pip install hyperqueue`).

    examples/cluster/hq.py STUDY.toml OUT               # the server that `hq server start` started, and its workers
    examples/cluster/hq.py STUDY.toml OUT --local 8     # a server and a worker of 8 cores here, for a try

Stop it at will: the same command goes on. What cells print lies in OUT.hq. howfar must be on the PATH.
"""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

from hyperqueue import Job
from hyperqueue.client import Client
from hyperqueue.cluster import LocalCluster, WorkerConfig


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("out")
    parser.add_argument("--local", type=int, metavar="CORES")
    args = parser.parse_args()
    subprocess.run(["howfar", "plan", args.study, "--write", "--out", args.out], check=True)
    if args.local:
        with LocalCluster(worker_config=WorkerConfig(cores=args.local)) as cluster:
            run_cells(cluster.client(), args.out)
    else:
        run_cells(Client(), args.out)
    # Nothing is left to compute: results and report.
    subprocess.run(["howfar", "run", args.study, "--out", args.out], check=True)


def run_cells(client, out):
    """A job of HyperQueue for each round: the cells that choose k, then those at the chosen k."""
    log = Path(f"{out}.hq")
    log.mkdir(exist_ok=True)
    before = []
    while commands := missing(out):
        if commands == before:
            sys.exit(f"this round finished no cell: see `howfar status {out}`, then run the same command again")
        before = commands
        # One cell that fails must not end the others: max_fails. A task has one core unless it asks for more, and a
        # cell would take all that it sees.
        job = Job(name="howfar", default_workdir=log, max_fails=None, default_env={"RAYON_NUM_THREADS": "1"})
        for command in commands:
            words = shlex.split(command)
            name = f"cells-{words[-1]}"
            job.program(words, name=name, stdout=f"{name}.out", stderr=f"{name}.err")
        # What ended with exit code 75 (stopped, or another process is at it) is listed again.
        client.wait_for_jobs([client.submit(job)], raise_on_error=False)


def missing(out):
    command = ["howfar", "study", "cells", out, "--missing"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return listed.stdout.splitlines()


if __name__ == "__main__":
    main()
