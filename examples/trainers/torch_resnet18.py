"""torchvision's ResNet-18 from scratch: nothing is downloaded.

`[train] command = ["python", "torch_resnet18.py"]`, `inputs = ["torch_resnet18.py", "torch_loop.py"]`. AdamW with one
cycle of the learning rate, each picture less its mean and over its deviation. Needs torch, torchvision, numpy, howfar.
"""

import howfar
import torch
from torch import nn
from torch_loop import train_and_answer
from torchvision.models import resnet18


def network_of(job):
    network = resnet18(weights=None, num_classes=len(job.classes))
    # Of gray faces it sees one channel; and it looks at small pictures without halving them first.
    network.conv1 = nn.Conv2d(job.channels, 64, kernel_size=3, padding=1, bias=False)
    return network


def standardised(pictures):
    mean, deviation = pictures.mean((1, 2, 3), keepdim=True), pictures.std((1, 2, 3), keepdim=True)
    return (pictures - mean) / deviation.clamp(min=1)


def optimiser_of(job, parameters):
    optimiser = torch.optim.AdamW(parameters, lr=job.settings.learning_rate, weight_decay=0.01)
    steps, rate = job.settings.steps, job.settings.learning_rate
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=steps)


if __name__ == "__main__":
    job = howfar.trainer.job()
    train_and_answer(
        job,
        make_network=lambda: network_of(job),
        make_optimiser=lambda parameters: optimiser_of(job, parameters),
        scale=standardised,
    )
