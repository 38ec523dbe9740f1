"""The judge as benchmarks use it: pictures in, attributes and soundness out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file

from nano.judge.network import HEADS, Network
from nano.judge.stream import FAULTS
from nano.world import SIDE, Picture

WEIGHTS = Path(__file__).resolve().parent / "weights"
FILE = "judge.safetensors"
BATCH = 64
ATTRIBUTES = ("category", "colour", "background", "shot")
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Answer:
    """What the judge sees in one respect: probabilities (n, len(names)), columns in the order of names."""

    names: tuple[str, ...]
    probabilities: Floats

    @property
    def labels(self) -> tuple[str, ...]:
        """The likeliest name of each picture."""
        return tuple(self.names[k] for k in self.probabilities.argmax(1))

    def of(self, wanted: Sequence[str]) -> Floats:
        """Return the probability of each picture's wanted name, shape (n,)."""
        columns = [self.names.index(name) for name in wanted]
        found: Floats = self.probabilities[np.arange(len(columns)), columns]
        return found


@dataclass(frozen=True)
class Reading:
    """What the judge sees in n pictures, by attribute: category, colour, background, shot."""

    attributes: dict[str, Answer]
    fault: Answer

    @property
    def sound(self) -> Floats:
        """The probability that each picture shows one whole product, shape (n,)."""
        found: Floats = self.fault.probabilities[:, FAULTS.index("none")]
        return found

    def wrong(self, wanted: Sequence[Picture]) -> list[tuple[str, ...]]:
        """Name for each picture what is not as wanted: attributes, and "soundness" for a broken product."""
        missed = {name: answer.labels for name, answer in self.attributes.items()}
        found = []
        for n, picture in enumerate(wanted):
            names = [name for name in ATTRIBUTES if missed[name][n] != getattr(picture, name)]
            found.append((*names, *(("soundness",) if self.sound[n] < 0.5 else ())))
        return found

    def right(self, wanted: Sequence[Picture]) -> Flags:
        """Say for each picture whether all attributes are as wanted and the product is whole."""
        return np.array([not names for names in self.wrong(wanted)], bool)


class Judge:
    """A loaded judge; it gives the same answers on every call."""

    def __init__(self, network: Network) -> None:
        """Take a trained network."""
        self.network = network.eval().to(memory_format=torch.channels_last)

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> "Judge":
        """Load the weights of a folder; FileNotFoundError where there are none."""
        network = Network()
        weights = load_file(folder / FILE)
        network.load_state_dict({name: value.float() for name, value in weights.items()})
        return cls(network)

    @torch.no_grad()
    def read(self, pictures: npt.NDArray[np.uint8]) -> Reading:
        """Read pictures (n, 128, 128, 3), RGB bytes; ValueError for another shape or type."""
        if pictures.ndim != 4 or pictures.shape[1:] != (SIDE, SIDE, 3) or pictures.dtype != np.uint8:
            found_is = f"{pictures.dtype} {pictures.shape}"
            raise ValueError(f"the judge reads bytes of shape (n, {SIDE}, {SIDE}, 3), not {found_is}")
        rows: dict[str, list[torch.Tensor]] = {name: [] for name in HEADS}
        for start in range(0, len(pictures), BATCH):
            batch = torch.from_numpy(np.array(pictures[start : start + BATCH])).permute(0, 3, 1, 2)
            found = self.network(batch.float() / 127.5 - 1)
            for name, logits in found.items():
                rows[name].append(logits.double().softmax(1))
        answers = {
            name: Answer(names, torch.cat(rows[name]).numpy() if rows[name] else np.zeros((0, len(names))))
            for name, names in HEADS.items()
        }
        return Reading({name: answers[name] for name in ATTRIBUTES}, answers["fault"])
