"""A peer: `peer.py train|infer|latency|forward|step NETWORK BATCH THREADS`.

For each line on standard input it measures a while and prints one line of JSON: pictures a second over the median step,
and the peak memory in MB.
Training: PyTorch, channels-last, fused Adam. Inference and latency: ONNX Runtime. Generators (forward, step): PyTorch, channels first or last.
"""

import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F

from gan_steps import gan_step
from networks import network

# Seconds of a measurement.
A_WHILE = 0.5


def median_seconds(step):
    seconds = []
    while sum(seconds) < A_WHILE:
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def training_step(name, batch):
    net = network(name).to(memory_format=torch.channels_last)
    x = torch.rand(batch, 1, 64, 64).to(memory_format=torch.channels_last)
    y = torch.randint(0, 6, (batch,))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
    net.train()

    def step():
        optimiser.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def inference_step(name, batch, threads):
    import io

    import onnxruntime

    file = io.BytesIO()
    torch.onnx.export(
        network(name).eval(), (torch.rand(batch, 1, 64, 64),), file, input_names=["x"], output_names=["y"], dynamo=False
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    x = torch.rand(batch, 1, 64, 64).numpy()
    return lambda: session.run(None, {"x": x})


def main():
    what, name, batch, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    if what in ("forward", "step"):
        step = gan_step(what, name, batch)
    elif what == "train":
        step = training_step(name, batch)
    else:
        step = inference_step(name, batch, threads)
    for _ in sys.stdin:
        speed = batch / median_seconds(step)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"pictures_per_s": speed, "peak_mb": peak_mb}), flush=True)


main()
