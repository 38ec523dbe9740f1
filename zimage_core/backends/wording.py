"""From a prompt to token ids, so that no user's text ever becomes a control token."""

import re
import threading
from collections import OrderedDict
from typing import Any, Protocol

from zimage_core.errors import InvalidRender

BUCKET = 32
"""Z-Image pads each text to a multiple of 32 tokens with pads that take part in attention."""

TOKEN_LIMIT = 512
"""The longest templated prompt; the stock pipeline cuts the tail off there without a word."""

CHARACTER_LIMIT = 20_000
"""Longer text is refused before it is tokenised."""

CACHED_TEXTS = 1024

CONTROL = re.compile(r"<\|(?:(?!<\|).)*?\|>", re.DOTALL)
"""The innermost `<|...|>`, so that taking one out cannot make another."""


class Tokenizer(Protocol):
    """The part of a transformers tokenizer that is used."""

    pad_token_id: int
    unk_token: str | None
    added_tokens_encoder: dict[str, int]

    def apply_chat_template(self, messages: list[dict[str, str]], **options: Any) -> Any:
        """Return the template filled with `messages`."""

    def __call__(self, text: str, **options: Any) -> Any:
        """Return an object whose `input_ids` are the tokens of `text`."""


class Wording:
    """Tokenises prompts as one user turn of the chat template; safe to share between threads."""

    def __init__(self, tokenizer: Tokenizer, limit: int = TOKEN_LIMIT) -> None:
        """Refuse prompts of more than `limit` tokens with the template around them."""
        self.pad = tokenizer.pad_token_id
        self.limit = limit
        self._tokenizer = tokenizer
        # A vocabulary of words has an added token for unknown ones, which any text may hold.
        added = tokenizer.added_tokens_encoder
        self._controls = {word: number for word, number in added.items() if word != tokenizer.unk_token}
        self._cache: OrderedDict[str, tuple[int, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._frame = self._count_controls(self._templated(""))

    def tokens(self, text: str) -> tuple[int, ...]:
        """Return the ids of `text` in the template, at most `limit`; raise InvalidRender when longer."""
        with self._lock:
            if text in self._cache:
                self._cache.move_to_end(text)
                return self._cache[text]
            ids = self._checked(text)
            self._cache[text] = ids
            if len(self._cache) > CACHED_TEXTS:
                self._cache.popitem(last=False)
            return ids

    def bucket(self, text: str) -> int:
        """Return the number of tokens of `text`, rounded up to the bucket."""
        return BUCKET * -(-len(self.tokens(text)) // BUCKET)

    def clean(self, text: str) -> str:
        """Return `text` without `<|...|>` and without any other word that the tokenizer treats as control."""
        before = None
        while before != text:
            before = text
            text = CONTROL.sub("", text)
            for word in self._controls:
                text = text.replace(word, "")
        return text

    def _checked(self, text: str) -> tuple[int, ...]:
        if len(text) > CHARACTER_LIMIT:
            raise InvalidRender(f"The text has {len(text)} characters; {CHARACTER_LIMIT} is the limit.")
        ids = self._templated(self.clean(text))
        if len(ids) > self.limit:
            raise InvalidRender(f"The text has {len(ids)} tokens; {self.limit} is the limit.")
        if self._count_controls(ids) != self._frame:
            raise InvalidRender("The text contains a control token of the model; remove it.")
        return ids

    def _templated(self, text: str) -> tuple[int, ...]:
        message = [{"role": "user", "content": text}]
        # These are ZImagePipeline's own arguments, on which the models were trained.
        filled = self._tokenizer.apply_chat_template(
            message, tokenize=False, add_generation_prompt=True, enable_thinking=True
        )
        return tuple(self._tokenizer(filled).input_ids)

    def _count_controls(self, ids: tuple[int, ...]) -> int:
        controls = set(self._controls.values())
        return sum(one in controls for one in ids)
