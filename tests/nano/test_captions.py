"""Captions are written as the rule tables write prompts, and fit the text buckets."""

import random

import pytest

from nano.captions import LANGUAGES, canonical, caption, claim, light_of
from nano.prompts import Prompts
from nano.tokenizer import BUCKETS, CLIP_CONTEXT, build_clip_tokenizer, build_text_tokenizer, chat
from nano.vocabulary import vocabulary
from nano.world import Picture, samples


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - it draws, and keeps no secret


MUG = Picture("mug", "red", "white", "white_main", seed=0)


def test_the_chinese_sentence_is_the_compilers() -> None:
    text = "一个红色陶瓷马克杯，纯白无缝背景，正面居中，商品完整，柔和均匀棚拍光。"
    assert canonical(MUG, "zh", "ceramic") == text


def test_the_english_sentence_puts_a_surface_after_the_subject() -> None:
    picture = Picture("mug", "red", "wood", "scene", seed=0)
    text = "A red ceramic mug on a wooden table, lifestyle scene, whole product in frame, natural light."
    assert canonical(picture, "en", "ceramic") == text


def test_the_article_follows_the_sound() -> None:
    assert canonical(Picture("mug", "orange", "grey", "scene", 0), "en").startswith(
        "An orange mug, light grey"
    )


def test_the_light_of_a_studio_scene_has_its_own_row() -> None:
    assert light_of("scene", "studio", "en") != light_of("scene", "beach", "en")


def test_every_drawn_word_stands_in_the_tables_in_both_languages() -> None:
    words = vocabulary()
    for column in (words.subjects, words.colours, words.backgrounds, words.shots):
        assert all(word.zh[0] and word.en[0] for word in column)


@pytest.mark.parametrize(
    ("kind", "language", "text"),
    [
        ("category", "en", "a photo of a mug"),
        ("category", "zh", "一张马克杯的照片"),
        ("colour", "en", "a red mug"),
        ("colour", "zh", "红色的马克杯"),
        ("background", "en", "a mug, seamless pure white background"),
        ("background", "zh", "马克杯，纯白无缝背景"),
        ("shot", "en", "a mug, centered front view, whole product in frame"),
        ("shot", "zh", "马克杯，正面居中，商品完整"),
        ("soundness", "en", "one whole mug"),
        ("soundness", "zh", "一个完整的马克杯"),
    ],
)
def test_claims_follow_the_templates(kind: str, language: str, text: str) -> None:
    assert claim(kind, MUG, language) == text


def test_the_unsound_claim_names_what_is_wrong() -> None:
    assert claim("soundness", MUG, "en", true=False) == "a broken or doubled mug"
    assert claim("soundness", MUG, "zh", true=False) == "残缺或重复的马克杯"


@pytest.mark.parametrize("language", LANGUAGES)
def test_canonical_prompts_mostly_fit_the_short_bucket_and_always_the_long(language: str) -> None:
    tokenizer, words = build_text_tokenizer(), vocabulary()
    rng, lengths = _chance(1), []
    for picture in samples(300, seed=9):
        styles = [word.key for word in rng.sample(words.styles, rng.choice((0, 0, 1, 2)))]
        text = canonical(picture, language, rng.choice(words.materials).key, styles)
        lengths.append(len(tokenizer(chat(text)).input_ids))
    assert sum(length <= BUCKETS[0] for length in lengths) / len(lengths) > 0.9
    assert max(lengths) <= BUCKETS[1]


def test_any_text_has_tokens_of_its_own_and_no_unknown_one() -> None:
    tokenizer = build_text_tokenizer()
    one, other = (tokenizer(text).input_ids for text in ("龘靐 qwxz", "爨齉 zxwq"))
    assert one
    assert one != other


def test_the_chat_template_accepts_the_thinking_flag() -> None:
    turn = [{"role": "user", "content": "a red mug"}]
    tokenizer = build_text_tokenizer()
    text = tokenizer.apply_chat_template(
        turn, tokenize=False, add_generation_prompt=True, enable_thinking=True
    )
    assert text == chat("a red mug")


def test_training_captions_fit_clip_and_vary() -> None:
    tokenizer, rng = build_clip_tokenizer(), _chance(2)
    texts = [caption(picture, rng) for picture in samples(200, seed=3)]
    assert len(set(texts)) > 150
    assert max(len(tokenizer(text).input_ids) for text in texts) <= CLIP_CONTEXT


def test_a_long_caption_fills_the_long_bucket() -> None:
    prompts = Prompts(build_text_tokenizer())
    rng = _chance(5)
    assert prompts.length(prompts.caption(MUG, rng, long=True)) > BUCKETS[0]
    assert prompts.length(prompts.caption(MUG, rng, long=False)) <= BUCKETS[0]
