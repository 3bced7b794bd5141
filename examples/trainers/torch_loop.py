"""What the PyTorch trainers here share: they train a network as howfar trains its own, and predict with it.

It follows the job's order, keeps a checkpoint after every epoch, ends when it is asked to and goes on from there, on a
CPU to the same bits. With `patience` the epoch with the lowest validation loss counts, else the last.
"""

import copy
import sys

import howfar
import numpy as np
import torch
from torch.nn.functional import cross_entropy


def batches(pictures, scale, device, size=256):
    """Pictures as a network takes them, some at a time."""
    for part in np.array_split(pictures, max(1, -(-len(pictures) // size))):
        yield scale(torch.from_numpy(part).permute(0, 3, 1, 2).float()).to(device)


@torch.inference_mode()
def logits_of(network, pictures, scale, device):
    network.eval()
    return torch.cat([network(part).double().cpu() for part in batches(pictures, scale, device)])


def train_and_answer(job, make_network, make_optimiser, scale):
    """`make_network()`, `make_optimiser(parameters)` gives optimiser and schedule (or None), `scale(pictures)`."""
    torch.manual_seed(job.seed)
    torch.set_num_threads(job.threads)
    device = "cuda" if job.gpus else "cpu"
    torch.use_deterministic_algorithms(device == "cpu")
    network = make_network().to(device)
    optimiser, schedule = make_optimiser(network.parameters())
    training, validation = job.arrays("training"), job.arrays("validation")
    labels, weights, asked = map(torch.from_numpy, (training.labels, training.weights, validation.labels))
    labels, weights, changed, patience = labels.to(device), weights.to(device), job.changed(), job.settings.patience
    done, best, file = 0, {"loss": float("inf"), "epoch": 0, "weights": None}, job.checkpoint / "state.pt"
    if file.exists():
        state = torch.load(file, map_location="cpu")
        done, best = state["done"], state["best"]
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        if schedule:
            schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
    size = job.settings.batch
    for epoch, rows in enumerate(job.epochs_order()):
        if epoch < done or (patience is not None and epoch - best["epoch"] > patience):
            continue
        network.train()
        losses, order = [], np.split(rows, range(size, len(rows), size))
        for i, of_batch in enumerate(order):
            if job.stop_requested:
                sys.exit("stopped; the checkpoint of the last epoch is kept")
            pictures, to_alter = training.pictures[of_batch], changed[of_batch]
            pictures[to_alter] = howfar.trainer.alter(pictures[to_alter], (job.seed, epoch, i))
            (inputs,) = batches(pictures, scale, device, size=len(pictures))
            losses_of = cross_entropy(network(inputs), labels[of_batch], reduction="none")
            loss = (losses_of * weights[of_batch]).sum() / weights[of_batch].sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if schedule:
                schedule.step()
            losses.append(loss.item())
            job.progress(step=epoch * len(order) + i + 1, steps=job.settings.steps, loss=losses[-1])
        said = logits_of(network, validation.pictures, scale, device)
        judged = cross_entropy(said, asked).item()
        job.epoch(epoch + 1, np.mean(losses), judged, (said.argmax(1) == asked).double().mean().item())
        if judged < best["loss"] or patience is None:
            best = {"loss": judged, "epoch": epoch, "weights": copy.deepcopy(network.state_dict())}
        state = {"done": epoch + 1, "best": best, "network": network.state_dict(), "random": torch.get_rng_state()}
        state |= {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict() if schedule else None}
        with job.replacing(file) as temporary:
            torch.save(state, temporary)
    network.load_state_dict(best["weights"])
    job.write(logits_of(network, job.arrays("predict").pictures, scale, device).softmax(1).numpy())
