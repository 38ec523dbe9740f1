"""Captions of drawn pictures, written the way the rule tables write prompts, in zh and en."""

import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nano.vocabulary import Vocabulary, Word, vocabulary
from nano.world import Picture

LANGUAGES = ("en", "zh")
JOINER = {"en": ", ", "zh": "，"}
STOP = {"en": ".", "zh": "。"}
EXTRAS_EN = (
    "gift box", "500 ml", "hand made", "waterproof", "new season", "limited edition", "for office",
    "light weight", "made to last", "best seller", "soft touch", "size m", "set of one", "free shipping",
)  # fmt: skip
EXTRAS_ZH = (
    "礼盒装", "大容量", "手工制作", "防水", "新款", "限量版", "办公用",
    "轻便", "耐用", "热卖", "手感柔软", "均码", "包邮", "送礼佳品",
)  # fmt: skip
Choose = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Sentence:
    """The parts of one prompt sentence; an empty part is left out."""

    subject: str
    measure: str = ""
    colour: str = ""
    material: str = ""
    background: str = ""
    tail: tuple[str, ...] = ()

    def write(self, language: str) -> str:
        """Join the parts as the rule compiler does."""
        return self._english() if language == "en" else self._chinese()

    def _english(self) -> str:
        noun = " ".join(part for part in (self.colour, self.material, self.subject) if part)
        head = f"{'An' if noun[0].lower() in 'aeiou' else 'A'} {noun}"
        if self.background.startswith(("on ", "in ")):
            head = f"{head} {self.background}"
        elif self.background:
            head = f"{head}, {self.background}"
        return ", ".join((head, *self.tail)) + "."

    def _chinese(self) -> str:
        head = f"{self.measure}{self.colour}{self.material}{self.subject}"
        return "，".join(part for part in (head, self.background, *self.tail) if part) + "。"


def word_of(words: Sequence[Word], key: str) -> Word:
    """Return the word with this key."""
    return next(word for word in words if word.key == key)


def light_of(shot: str, background: str, language: str) -> str:
    """Return the light phrase that the tables give to a shot and a background."""
    for rule in vocabulary().lights:
        if (not rule.shots or shot in rule.shots) and (
            not rule.backgrounds or background in rule.backgrounds
        ):
            return rule.zh if language == "zh" else rule.en
    return ""


def canonical(picture: Picture, language: str, material: str = "", styles: Sequence[str] = ()) -> str:
    """Write the sentence that the rule compiler writes for these attributes."""
    return _sentence(picture, language, material, styles, _first).write(language)


def _first(options: Sequence[str]) -> str:
    return options[0]


def _texts(word: Word, language: str) -> tuple[str, ...]:
    return word.zh if language == "zh" else word.en


def _sentence(
    picture: Picture, language: str, material: str, styles: Sequence[str], choose: Choose
) -> Sentence:
    words = vocabulary()
    subject = word_of(words.subjects, picture.category)

    def text(column: Sequence[Word], key: str) -> str:
        return choose(_texts(word_of(column, key), language)) if key else ""

    tail = [
        text(words.shots, picture.shot),
        light_of(picture.shot, picture.background, language),
        *(text(words.styles, style) for style in styles),
    ]
    return Sentence(
        subject=choose(_texts(subject, language)),
        measure=subject.measure,
        colour=text(words.colours, picture.colour),
        material=text(words.materials, material),
        background=text(words.backgrounds, picture.background),
        tail=tuple(part for part in tail if part),
    )


def _some_styles(rng: random.Random) -> list[str]:
    count = rng.choices((0, 1, 2, 3), (50, 30, 14, 6))[0]
    return [word.key for word in rng.sample(vocabulary().styles, count)]


def _some_material(rng: random.Random) -> str:
    return rng.choice(vocabulary().materials).key if rng.random() < 0.5 else ""


def _nonsense(rng: random.Random, language: str) -> str:
    if language == "zh":
        return "".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(rng.randint(1, 4)))
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9)))


def _extra(rng: random.Random, language: str) -> str:
    return rng.choice(EXTRAS_ZH if language == "zh" else EXTRAS_EN)


def _free(picture: Picture, language: str, rng: random.Random) -> str:
    """Write a looser caption: synonyms, dropped parts, selling words, unknown words, other orders."""
    sentence = _sentence(
        picture,
        language,
        _some_material(rng),
        _some_styles(rng),
        lambda options: options[0] if rng.random() < 0.4 else rng.choice(options),
    )
    drop = {name for name in ("colour", "background", "measure", "material") if rng.random() < 0.12}
    tail = [part for part in sentence.tail if rng.random() > 0.15]
    if rng.random() < 0.3:
        tail.insert(rng.randint(0, len(tail)), _extra(rng, language))
    if rng.random() < 0.15:
        tail.insert(rng.randint(0, len(tail)), _nonsense(rng, language))
    parts = {
        name: "" if name in drop else getattr(sentence, name)
        for name in ("colour", "background", "measure", "material")
    }
    loose = Sentence(subject=sentence.subject, tail=tuple(tail), **parts).write(language)
    return _reordered(loose, language, rng) if rng.random() < 0.12 else loose


def _reordered(text: str, language: str, rng: random.Random) -> str:
    parts = text.rstrip(STOP[language]).split(JOINER[language])
    rng.shuffle(parts)
    return JOINER[language].join(parts)


def caption(picture: Picture, rng: random.Random, language: str = "") -> str:
    """Write one training caption: 60 % exactly as the compiler, 40 % looser."""
    language = language or rng.choice(LANGUAGES)
    if rng.random() < 0.6:
        return canonical(picture, language, _some_material(rng), _some_styles(rng))
    return _free(picture, language, rng)


def described(picture: Picture, rng: random.Random, language: str) -> str:
    """Write a sentence that states all attributes, sometimes in synonyms; CLIP is trained on these."""
    plain = rng.random() < 0.6
    sentence = _sentence(
        picture,
        language,
        _some_material(rng) if rng.random() < 0.6 else "",
        _some_styles(rng) if rng.random() < 0.5 else (),
        _first if plain else lambda options: options[0] if rng.random() < 0.5 else rng.choice(options),
    )
    return sentence.write(language)


def claim(kind: str, picture: Picture, language: str, *, true: bool = True) -> str:
    """Write the short text that states one attribute of a picture; the line's scorer uses the same.

    `kind` is category, colour, background, shot or soundness; `true` False gives soundness's opposite.
    """
    words = vocabulary()

    def text(column: Sequence[Word], key: str) -> str:
        return _texts(word_of(column, key), language)[0]

    subject = text(words.subjects, picture.category)
    colour, background = text(words.colours, picture.colour), text(words.backgrounds, picture.background)
    texts = {
        "category": (f"a photo of a {subject}", f"一张{subject}的照片"),
        "colour": (f"a {colour} {subject}", f"{colour}的{subject}"),
        "background": (f"a {subject}, {background}", f"{subject}，{background}"),
        "shot": (
            f"a {subject}, {text(words.shots, picture.shot)}",
            f"{subject}，{text(words.shots, picture.shot)}",
        ),
        "soundness": (f"one whole {subject}", f"一个完整的{subject}")
        if true
        else (f"a broken or doubled {subject}", f"残缺或重复的{subject}"),
    }
    return texts[kind][LANGUAGES.index(language)]


def all_words(words: Vocabulary) -> list[str]:
    """List every wording that captions use, for the tokenizer's training."""
    columns = (words.subjects, words.colours, words.backgrounds, words.shots, words.materials, words.styles)
    texts = [text for column in columns for word in column for text in (*word.zh, *word.en, word.measure)]
    texts += [text for rule in words.lights for text in (rule.zh, rule.en)]
    return [text for text in (*texts, *EXTRAS_EN, *EXTRAS_ZH) if text]
