"""Small networks, trained on real images, whose answers can be worked out by hand."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nn_experiments.data.images import Images


def trained(model: nn.Module, images: Images, steps: int = 60) -> nn.Module:
    """Full-batch gradient descent."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        cross_entropy(model(images.floats()), images.labels).backward()
        optimizer.step()
    return model


def linear(shape: tuple[int, int, int], classes: int, seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        channels, height, width = shape
        return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, classes))


def two_layers(shape: tuple[int, int, int], classes: int, seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        channels, height, width = shape
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * height * width, 32),
            nn.ReLU(),
            nn.Linear(32, classes),
        )
