"""What the peer does with a batch of the two GANs: a generator's answer, or a whole training step of StarGAN."""

import time

import torch
import torch.nn.functional as F

from networks import StarGanCritic, StarGanGenerator, StyleGan2Synthesis

N_CLASSES = 7


def one_hot(batch, shift=0):
    return F.one_hot((torch.arange(batch) + shift) % N_CLASSES, N_CLASSES).float()


def stargan_forward(batch, layout):
    generator = StarGanGenerator(64).to(memory_format=layout)
    faces, labels = torch.rand(batch, 3, 64, 64).to(memory_format=layout), one_hot(batch)
    return lambda: generator(faces, labels)


def stylegan2_forward(side, batch, layout):
    synthesis = StyleGan2Synthesis(side).to(memory_format=layout)
    styles = torch.randn(batch, len(synthesis.layers) * 2 + 1, 512)
    return lambda: synthesis(styles)


def forward_step(name, batch, layout):
    if name == "stargan":
        answer = stargan_forward(batch, layout)
    else:
        answer = stylegan2_forward(int(name.removeprefix("stylegan2-")), batch, layout)

    def step():
        with torch.inference_mode():
            return answer()

    return step


def stargan_step(batch, layout):
    """A step of the critic with the gradient penalty, then one of the generator (Choi et al. 2018)."""
    generator, critic = StarGanGenerator(32).to(memory_format=layout), StarGanCritic(32).to(memory_format=layout)
    adam = lambda net: torch.optim.Adam(net.parameters(), lr=1e-4, betas=(0.5, 0.999), fused=True)
    generator_adam, critic_adam = adam(generator), adam(critic)
    faces = torch.rand(batch, 3, 64, 64).to(memory_format=layout)
    labels, targets, mix = one_hot(batch), one_hot(batch, 1), torch.rand(batch, 1, 1, 1)

    def step():
        with torch.no_grad():
            generated = generator(faces, targets)
        between = (mix * faces + (1 - mix) * generated).requires_grad_()
        slope = torch.autograd.grad(critic(between)[0].sum(), between, create_graph=True)[0]
        penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
        real, classes = critic(faces)
        fake, _ = critic(generated)
        loss = fake.mean() - real.mean() + F.cross_entropy(classes, labels) + 10 * penalty
        critic_adam.zero_grad()
        loss.backward()
        critic_adam.step()

        generated = generator(faces, targets)
        score, classes = critic(generated)
        back = generator(generated, labels)
        loss = -score.mean() + F.cross_entropy(classes, targets) + 10 * (faces - back).abs().mean()
        generator_adam.zero_grad()
        loss.backward(inputs=list(generator.parameters()))
        generator_adam.step()
        return loss.item()

    return step


def fastest(make):
    """The step in whichever layout is the faster here: each is tried three times, the first time does not count."""
    steps = [make(layout) for layout in (torch.channels_last, torch.contiguous_format)]
    seconds = [[], []]
    for _ in range(3):
        for step, times in zip(steps, seconds):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
    return steps[min(range(2), key=lambda i: min(seconds[i][1:]))]


def gan_step(what, name, batch):
    if what == "step":
        return fastest(lambda layout: stargan_step(batch, layout))
    return fastest(lambda layout: forward_step(name, batch, layout))
