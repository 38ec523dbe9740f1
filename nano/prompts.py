"""Prompts as the transformer sees them: padded to a bucket, with one batch in few of the long bucket."""

import random
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from nano.captions import caption
from nano.tokenizer import BUCKETS, chat, text_tokenizer
from nano.world import Picture

LONG_SHARE = 0.06
EMPTY_SHARE = 0.1


class Prompts:
    """Writes captions for pictures and turns them into token ids of one bucket."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast | None = None) -> None:
        """Take a tokenizer, or that of the work folder."""
        self.tokenizer = tokenizer or text_tokenizer()

    def ids(self, texts: list[str], bucket: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and mask (n, bucket) of chat-wrapped prompts."""
        found = self.tokenizer(
            [chat(text) for text in texts],
            padding="max_length",
            max_length=bucket,
            truncation=True,
            return_tensors="pt",
        )
        return found.input_ids, found.attention_mask.bool()

    def length(self, text: str) -> int:
        """Count the tokens of a chat-wrapped prompt."""
        return len(self.tokenizer(chat(text)).input_ids)

    def caption(self, picture: Picture, rng: random.Random, *, long: bool) -> str:
        """Write a training caption whose length falls into the asked bucket."""
        for _ in range(40):
            text = caption(picture, rng, "en" if long else "")
            if (self.length(text) > BUCKETS[0]) == long:
                return text
        return (
            caption(picture, rng, "en")
            + " gift box, made to last, soft touch, free shipping, limited edition, light weight"
        )

    def batch(self, pictures: list[Picture], rng: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and mask of captions for pictures; about one in ten is empty, for guidance."""
        long = rng.random() < LONG_SHARE
        texts = [self.caption(each, rng, long=long) for each in pictures]
        if not long:
            texts = ["" if rng.random() < EMPTY_SHARE else text for text in texts]
        return self.ids(texts, BUCKETS[1] if long else BUCKETS[0])


def states(encoder: Any, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the text states that the pipeline uses."""
    found: torch.Tensor = encoder(
        input_ids=ids, attention_mask=mask, output_hidden_states=True
    ).hidden_states[-2]
    return found
