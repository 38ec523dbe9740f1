"""Muon for the matrices inside blocks, AdamW for the rest, driven together."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

Share = Callable[[list[torch.nn.Parameter]], None]
Named = Iterable[tuple[str, torch.nn.Parameter]]


class Pair:
    """Two optimisers behind one step, with a shared learning-rate multiplier."""

    def __init__(
        self, named: Named, is_block: Callable[[str], bool], rates: tuple[float, float], decay: float
    ) -> None:
        """Sort parameters: block matrices to Muon at rates[0], all others to AdamW at rates[1]."""
        trained = [(name, p) for name, p in named if p.requires_grad]
        matrices = [p for name, p in trained if p.ndim == 2 and is_block(name)]
        chosen = {id(p) for p in matrices}
        rest = [p for _, p in trained if id(p) not in chosen]
        self.parameters = [*matrices, *rest]
        self.rates = rates
        self.muon = torch.optim.Muon(
            matrices, lr=rates[0], weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        )
        groups: list[dict[str, Any]] = [
            {"params": [p for p in rest if p.ndim >= 2], "weight_decay": decay},
            {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.adam = torch.optim.AdamW(groups, lr=rates[1], betas=(0.9, 0.98))

    def descend(self, loss: torch.Tensor, multiplier: float, share: Share | None = None) -> None:
        """Take one clipped step at the rates times the multiplier; `share` averages over workers first."""
        for optimiser, rate in zip((self.muon, self.adam), self.rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * multiplier
            optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        if share is not None:
            share(self.parameters)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.muon.step()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.adam.step()

    def state_dict(self) -> dict[str, Any]:
        """Return both states."""
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore both states."""
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
