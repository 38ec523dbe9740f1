"""The judge's network: a small residual convolutional net with one head per attribute."""

import torch
from torch import nn
from torch.nn import functional

from nano.judge.stream import FAULTS
from nano.vocabulary import BACKGROUNDS, CATEGORIES, COLOURS, SHOTS

HEADS: dict[str, tuple[str, ...]] = {
    "category": CATEGORIES,
    "colour": COLOURS,
    "background": BACKGROUNDS,
    "shot": SHOTS,
    "fault": FAULTS,
}
WIDTHS = (32, 48, 96, 112)
SPOTS = 24


def _joined(inside: int, outside: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        """Start close to the identity: the second normalisation begins at zero."""
        super().__init__()
        self.first = _joined(width, width, 1)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return features of the same shape."""
        return functional.relu(x + self.norm(self.second(self.first(x))))


class Network(nn.Module):
    """Reads pictures (n, 3, 128, 128) in -1..1 into one row of logits per head.

    Means tell colour and place; maxima over the frame tell a part that is there once too often.
    """

    def __init__(self) -> None:
        """Build the net with fresh weights."""
        super().__init__()
        stem, low, middle, high = WIDTHS
        self.body = nn.Sequential(
            nn.Conv2d(3, stem, 5, 2, 2, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(inplace=True),
            _joined(stem, low, 2),
            Block(low),
            _joined(low, middle, 2),
            Block(middle),
            _joined(middle, high, 2),
            Block(high),
        )
        self.squeeze = _joined(high, SPOTS, 1)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(2 * high + SPOTS * 64, len(labels)) for name, labels in HEADS.items()}
        )

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return logits by head."""
        features = self.body(x)
        placed = self.squeeze(features).flatten(1)
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3)), placed], 1)
        return {name: head(pooled) for name, head in self.heads.items()}
