"""From a prompt to its embedding, kept as long as text encoder, tokenizer and template stay the same."""

from collections import OrderedDict
from dataclasses import dataclass, field

import torch
from transformers import Qwen3Model

from zimage_core.backends.wording import BUCKET, Wording

CACHED_EMBEDDINGS = 256
"""Prompts whose embedding stays on the device; up to 2.6 MB each for the real model."""


@dataclass
class Encoder:
    """Text encoder and tokenizer, shared by the variants that use the same folder."""

    network: Qwen3Model
    wording: Wording
    device: torch.device
    """Where embeddings are wanted; the network may be elsewhere."""
    version: str = ""
    """Fingerprint of the encoder's, the tokenizer's and the template's files: part of the cache's key."""
    _cache: "OrderedDict[tuple[str, str], torch.Tensor]" = field(default_factory=OrderedDict)

    def embed(self, text: str) -> torch.Tensor:
        """Return [tokens, features] of the next to last layer for the real tokens of `text`.

        One prompt at a time and padded to its bucket only, which gives the same bits as the stock
        pipeline's padding to 512.
        """
        key = (self.version, text)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        embedding = self._cache[key] = self._encoded(text).to(self.device)
        if len(self._cache) > CACHED_EMBEDDINGS:
            self._cache.popitem(last=False)
        return embedding

    def _encoded(self, text: str) -> torch.Tensor:
        ids = list(self.wording.tokens(text))
        pads = -len(ids) % BUCKET
        device = self.network.device
        mask = torch.tensor([[True] * len(ids) + [False] * pads], device=device)
        tokens = torch.tensor([ids + [self.wording.pad] * pads], device=device)
        hidden = self.network(
            input_ids=tokens, attention_mask=mask, output_hidden_states=True, use_cache=False
        ).hidden_states[-2]
        embedding: torch.Tensor = hidden[0][mask[0]]
        return embedding
