"""The bilingual tokenizer: a small BPE with byte fallback, shared by the text encoder and CLIP.

Merges are learnt from the phrases of the tables, so a table phrase is few tokens; any other text falls back
to pieces, characters or bytes and never to one unknown token. Punctuation between phrases is dropped: it
carries no meaning here and would push canonical prompts over 32 tokens.
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from nano.captions import all_words
from nano.dataset import WORK
from nano.vocabulary import vocabulary

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CLIP_START, CLIP_END = "<|sot|>", "<|eot|>"
SPECIALS = (PAD, START, END)
MERGED_SIZE = 900
BUCKETS = (32, 64)
CLIP_CONTEXT = 48
CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
ROLES = ("user", "assistant")
CLAIM_WORDS = (
    "a photo of a",
    "one whole",
    "a broken or doubled",
    "an",
    "一张",
    "的照片",
    "的",
    "一个完整的",
    "残缺或重复的",
)


def _normalizer() -> normalizers.Normalizer:
    return normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])


def _splitter() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(r"[\s\p{P}&&[^\-%']]+"), behavior="removed")


def _corpus() -> list[str]:
    """Repeat canonical wording so that it gets its merges before synonyms do."""
    words = vocabulary()
    columns = (words.subjects, words.colours, words.backgrounds, words.shots, words.materials, words.styles)
    canonical = [
        text for column in columns for word in column for text in (word.zh[0], word.en[0], word.measure)
    ]
    canonical += [text for rule in words.lights for text in (rule.zh, rule.en)]
    return [*all_words(words), *(canonical * 9), *(list(CLAIM_WORDS) * 9), *(list(ROLES) * 99)]


def _trained() -> tuple[dict[str, int], list[tuple[str, str]]]:
    bpe = Tokenizer(models.BPE())
    bpe.normalizer, bpe.pre_tokenizer = _normalizer(), _splitter()
    alphabet = list("abcdefghijklmnopqrstuvwxyz0123456789-%'")
    trainer = trainers.BpeTrainer(
        vocab_size=MERGED_SIZE, min_frequency=1, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(_corpus(), trainer)
    model = json.loads(bpe.to_str())["model"]
    return model["vocab"], [(left, right) for left, right in model["merges"]]


def _build(tail: tuple[str, ...]) -> Tokenizer:
    learnt, merges = _trained()
    pieces = [*SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256)), *sorted(learnt, key=learnt.__getitem__)]
    vocab = {piece: n for n, piece in enumerate([*pieces, *tail])}
    built = Tokenizer(models.BPE(vocab, merges, byte_fallback=True))
    built.normalizer, built.pre_tokenizer = _normalizer(), _splitter()
    built.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in (*SPECIALS, *tail)]
    )
    return built


def text_tokenizer() -> PreTrainedTokenizerFast:
    """Return the work folder's tokenizer, built once: tables that grow must not change it midway."""
    folder = WORK / "tokenizer"
    if not folder.exists():
        save(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def clip_tokenizer() -> PreTrainedTokenizerFast:
    """Return CLIP's tokenizer of the work folder, built on first use."""
    folder = WORK / "clip"
    if not (folder / "tokenizer.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        build_clip_tokenizer().save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def build_text_tokenizer() -> PreTrainedTokenizerFast:
    """Return the text encoder's tokenizer with Qwen3's chat template (the thinking flag is accepted)."""
    made = PreTrainedTokenizerFast(
        tokenizer_object=_build(()), pad_token=PAD, eos_token=END, padding_side="right", model_max_length=512
    )
    made.chat_template = CHAT_TEMPLATE
    return made


def build_clip_tokenizer() -> PreTrainedTokenizerFast:
    """Return CLIP's tokenizer: the same pieces between a start and an end token.

    open_clip pools at the highest id, so the end token comes last.
    """
    built = _build((CLIP_START, CLIP_END))
    ids = [(token, built.token_to_id(token)) for token in (CLIP_START, CLIP_END)]
    built.post_processor = processors.TemplateProcessing(
        single=f"{CLIP_START} $A {CLIP_END}", special_tokens=ids
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=built,
        pad_token=PAD,
        bos_token=CLIP_START,
        eos_token=CLIP_END,
        padding_side="right",
        model_max_length=CLIP_CONTEXT,
    )


def chat(prompt: str) -> str:
    """Wrap a prompt as the pipeline does: one user turn and the assistant's header."""
    return f"{START}user\n{prompt}{END}\n{START}assistant\n"


def save(folder: Path) -> None:
    """Write the text tokenizer into a folder."""
    build_text_tokenizer().save_pretrained(folder)
