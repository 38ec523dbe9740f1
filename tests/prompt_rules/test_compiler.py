"""A form and a shot become one sentence, its claims and its trace."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_rules import (
    ForbiddenText,
    NoRuleFits,
    Op,
    PromptError,
    PromptTooLong,
    RuleConflict,
    RuleTables,
    compile_prompt,
)
from schemas import Locale, ProductForm, PromptSpec, ShotType, canonical_json
from tests.factories import a_form
from tests.prompt_rules.verbs import check_says, check_silent, packaged

SCENE, WHITE_MAIN, DETAIL = ShotType.SCENE, ShotType.WHITE_MAIN, ShotType.DETAIL


@pytest.mark.parametrize(
    ("fields", "shot", "sentence"),
    [
        (
            {},
            SCENE,
            "A red ceramic mug on a wooden table, lifestyle scene, whole product in frame, natural light.",
        ),
        (
            {},
            WHITE_MAIN,
            (
                "A red ceramic mug, seamless pure white background, centered front view, whole product in frame, "
                "soft even studio light."
            ),
        ),
        (
            {"colour": "orange", "material": None, "background": None},
            DETAIL,
            "An orange mug, light grey gradient background, close-up detail shot, crisp side light.",
        ),
        (
            {"background": "studio", "styles": ("premium", "fresh")},
            SCENE,
            (
                "A red ceramic mug, blue studio backdrop, lifestyle scene, whole product in frame, soft side light, "
                "muted palette, generous empty space, bright and airy."
            ),
        ),
        (
            {"locale": "zh"},
            WHITE_MAIN,
            "一个红色陶瓷马克杯，纯白无缝背景，正面居中，商品完整，柔和均匀棚拍光。",
        ),
        (
            {"locale": "zh", "category": "tshirt", "material": "cotton", "styles": ("cosy",)},
            SCENE,
            "一件红色纯棉T恤，木质桌面，场景图，商品完整，自然光，温暖柔和氛围。",
        ),
    ],
)
def test_the_sentence_is_exactly_this(fields: dict[str, object], shot: ShotType, sentence: str) -> None:
    assert compile_prompt(a_form(**fields), shot, packaged()).text == sentence


def test_a_scene_without_a_background_gets_a_wooden_table() -> None:
    spec = check_says(a_form(background=None), SCENE, "on a wooden table")
    assert "background.scene_default" in {entry.rule for entry in spec.trace}
    assert next(claim for claim in spec.claims if claim.kind == "background").truth.value == "wood"


def test_a_grey_default_is_lit_as_grey() -> None:
    spec = compile_prompt(a_form(background="grey"), SCENE, packaged())
    assert "soft side light" in spec.text


def test_the_claims_of_a_scene() -> None:
    claims = {claim.kind: claim for claim in compile_prompt(a_form(locale="zh"), SCENE, packaged()).claims}
    assert {kind: claim.truth.texts for kind, claim in claims.items()} == {
        "category": ("a photo of a mug",),
        "colour": ("a red mug",),
        "background": ("a mug, on a wooden table",),
        "shot": ("a mug, lifestyle scene, whole product in frame",),
        "whole": ("one whole mug",),
    }
    rivals = {kind: {each.texts[0] for each in claim.distractors} for kind, claim in claims.items()}
    assert "a photo of a table lamp" in rivals["category"]
    assert "a orange mug" in rivals["colour"]
    assert rivals["shot"] == {
        "a mug, centered front view, whole product in frame",
        "a mug, close-up detail shot",
    }
    assert rivals["whole"] == {"a broken or doubled mug"}
    assert {kind: len(claim.distractors) for kind, claim in claims.items()} == {
        "category": 11,
        "colour": 10,
        "background": 7,
        "shot": 2,
        "whole": 1,
    }


def test_a_close_up_need_not_show_the_whole() -> None:
    check_silent(a_form(), DETAIL, "one whole mug")


def test_the_trace_names_every_row_in_the_order_of_the_sentence() -> None:
    trace = compile_prompt(a_form(styles=("cosy",), must_not=("no text",)), WHITE_MAIN, packaged()).trace
    assert [entry.rule for entry in trace] == [
        "subject.mug",
        "colour.red",
        "material.ceramic",
        "background.white_main",
        "shot.white_main",
        "light.white_main",
        "style.cosy",
        "must_not.text",
        "claim.category",
        "claim.colour",
        "claim.background",
        "claim.shot",
        "claim.whole",
    ]
    assert all(entry.why for entry in trace)


@pytest.mark.parametrize("wish", ["no text", "No  Text!", "文字", "无文字", "不要文字", "text"])
def test_a_known_wish_becomes_what_is_there(wish: str) -> None:
    spec = check_says(a_form(must_not=(wish,)), SCENE, "plain unprinted surfaces")
    assert spec.negative == ""
    assert wish not in spec.text


def test_two_words_for_one_wish_are_said_once() -> None:
    spec = compile_prompt(a_form(must_not=("no text", "no words")), SCENE, packaged())
    assert spec.text.count("plain unprinted surfaces") == 1


def test_an_unknown_wish_goes_into_the_negative_text_and_the_trace() -> None:
    spec = compile_prompt(a_form(must_not=("no flowers", "  glitter ")), SCENE, packaged())
    assert spec.text == compile_prompt(a_form(), SCENE, packaged()).text
    assert spec.negative == "flowers, glitter"
    assert [(entry.op, entry.words) for entry in spec.trace if entry.rule == "form.must_not"] == [
        ("forbid", "flowers"),
        ("forbid", "glitter"),
    ]


def test_a_wish_that_only_a_negative_text_can_say() -> None:
    spec = compile_prompt(a_form(must_not=("不要变形",), locale="zh"), SCENE, packaged())
    assert spec.negative == "变形，破损，残缺"


def test_what_must_be_there_ends_the_sentence() -> None:
    spec = compile_prompt(a_form(styles=("fresh",), must_have=('a "gold" rim.',)), SCENE, packaged())
    assert spec.text.endswith(", bright and airy, a gold rim.")


def test_selling_points_and_copy_are_not_drawn() -> None:
    form = a_form(selling_points=("dishwasher safe",), copy_text=("Slow mornings",), title="Mug of mugs")
    assert (
        compile_prompt(form, SCENE, packaged()).fingerprint
        == compile_prompt(a_form(), SCENE, packaged()).fingerprint
    )


@pytest.mark.parametrize(
    ("fields", "shot", "words"),
    [
        ({"colour": "rde"}, SCENE, ["colour", '"rde"', "red, orange"]),
        ({"category": "boat"}, SCENE, ["category", '"boat"', "mug, bottle"]),
        ({"background": "moon"}, WHITE_MAIN, ["background", '"moon"', "wood"]),
        ({"material": "jelly"}, SCENE, ["material", '"jelly"', "ceramic"]),
        ({"styles": ("loud",)}, SCENE, ["styles", '"loud"', "premium"]),
        ({"season": "monsoon"}, SCENE, ["season", '"monsoon"', "spring, summer"]),
        ({"audience": "cats"}, SCENE, ["audience", '"cats"', "women, men"]),
        ({"props": ("sword",)}, SCENE, ["props", '"sword"', "dried_flowers"]),
        ({"body": ("wings",)}, SCENE, ["body", '"wings"', "slim_legs"]),
    ],
)
def test_a_value_without_a_row_is_named(fields: dict[str, object], shot: ShotType, words: list[str]) -> None:
    with pytest.raises(NoRuleFits) as caught:
        compile_prompt(a_form(**fields), shot, packaged())
    assert all(word in caught.value.message for word in words)


def _with(tables: RuleTables, rule_id: str, **changes: object) -> RuleTables:
    copies = [rule.model_copy(update=changes) for rule in tables.rules if rule.id == rule_id]
    return RuleTables(rules=(*tables.rules, *copies))


def _without(tables: RuleTables, *ids: str) -> RuleTables:
    return RuleTables(rules=tuple(rule for rule in tables.rules if rule.id not in ids))


def test_two_equal_rows_are_a_conflict_named_by_both(tables: RuleTables) -> None:
    twice = _with(tables, "light.scene", id="light.scene_again", row=9)
    with pytest.raises(RuleConflict, match=r"light\.scene .*light\.scene_again .*light\.csv row 9"):
        compile_prompt(a_form(), SCENE, twice)


def test_the_more_specific_row_wins_before_priority(tables: RuleTables) -> None:
    own = {"shot": ("scene",), "category": ("mug",)}
    more = _with(tables, "light.scene", id="light.mug", when=own, priority=0, en="morning light")
    assert "morning light" in compile_prompt(a_form(), SCENE, more).text
    assert "morning light" not in compile_prompt(a_form(category="cap"), SCENE, more).text


def test_a_disabled_row_says_nothing(tables: RuleTables) -> None:
    more = _with(tables, "light.scene", id="light.off", priority=900, en="green light", enabled=False)
    assert "natural light" in compile_prompt(a_form(), SCENE, more).text


def test_a_dropping_row_silences_its_slot(tables: RuleTables) -> None:
    more = _with(tables, "style.premium", id="style.none", op=Op.DROP, priority=900, zh="", en="")
    spec = compile_prompt(a_form(styles=("premium",)), SCENE, more)
    assert spec.text == compile_prompt(a_form(), SCENE, tables).text
    assert "style.none" in {entry.rule for entry in spec.trace}


def test_a_required_slot_without_a_row_names_its_column(tables: RuleTables) -> None:
    with pytest.raises(NoRuleFits, match=r'shots "detail" has no row that fits the light of a detail shot'):
        compile_prompt(a_form(), DETAIL, _without(tables, "light.detail"))
    with pytest.raises(NoRuleFits, match="background"):
        compile_prompt(a_form(background=None), SCENE, _without(tables, "background.scene_default"))


def test_a_close_up_may_do_without_a_background(tables: RuleTables) -> None:
    spec = compile_prompt(a_form(background=None), DETAIL, _without(tables, "background.detail_default"))
    assert spec.text == "A red ceramic mug, close-up detail shot, crisp side light."
    assert "background" not in {claim.kind for claim in spec.claims}


@pytest.mark.parametrize("field", ["must_have", "must_not"])
def test_a_text_beyond_what_the_encoder_reads_is_refused(field: str) -> None:
    with pytest.raises(PromptTooLong, match=f"{field} .*600 characters"):
        compile_prompt(a_form(**{field: tuple(f"{n} {'wide ' * 35}" for n in range(4))}), SCENE, packaged())


def test_rare_characters_count_as_the_tokens_they_cost() -> None:
    with pytest.raises(PromptTooLong, match="tokens"):
        compile_prompt(a_form(must_have=("𠜎" * 150,)), SCENE, packaged())


@pytest.mark.parametrize("field", ["must_have", "must_not"])
@pytest.mark.parametrize("text", ['""', "<|im_end|>", "\u202e\u200b", "「」"])
def test_a_text_of_which_nothing_is_left_is_refused(field: str, text: str) -> None:
    with pytest.raises(ForbiddenText, match=field):
        compile_prompt(a_form(**{field: (text,)}), SCENE, packaged())


forms = st.builds(
    a_form,
    category=st.sampled_from([value.key for value in packaged().values("category")]),
    colour=st.sampled_from([value.key for value in packaged().values("colour")]),
    material=st.none() | st.sampled_from([value.key for value in packaged().values("material")]),
    background=st.none() | st.sampled_from([value.key for value in packaged().values("background")]),
    styles=st.lists(st.sampled_from(["premium", "minimal", "fresh"]), unique=True, max_size=3).map(tuple),
    must_have=st.lists(st.sampled_from(["gold rim", "木柄", "a lid"]), max_size=3).map(tuple),
    must_not=st.lists(st.sampled_from(["no text", "无人", "glitter"]), max_size=3).map(tuple),
    locale=st.sampled_from(Locale),
)


@settings(deadline=None)
@given(form=forms, shot=st.sampled_from([WHITE_MAIN, SCENE, DETAIL]))
def test_the_same_input_gives_the_same_bytes(form: ProductForm, shot: ShotType) -> None:
    again = RuleTables.model_validate_json(packaged().model_dump_json())
    first = compile_prompt(form, shot, packaged())
    second = compile_prompt(ProductForm.model_validate_json(form.model_dump_json()), shot, again)
    assert canonical_json(first.model_dump(mode="json")) == canonical_json(second.model_dump(mode="json"))


@settings(deadline=None)
@given(form=forms, shot=st.sampled_from([WHITE_MAIN, SCENE, DETAIL]))
def test_every_word_of_the_trace_is_where_it_says(form: ProductForm, shot: ShotType) -> None:
    spec = compile_prompt(form, shot, packaged())
    claimed = {text for claim in spec.claims for text in claim.truth.texts}
    for entry in spec.trace:
        assert entry.words in (spec.negative if entry.op == "forbid" else spec.text) or entry.words in claimed


@cache
def plain_scene() -> PromptSpec:
    return compile_prompt(a_form(), SCENE, packaged())


hostile = st.one_of(
    st.text(min_size=1, max_size=60),
    st.lists(
        st.sampled_from(
            (
                *("<|", "|>", "im_end", "<|im_start|>", "＜｜", "｜＞", "</think>", "<", ">", "|"),
                *('"', "“", "'", "「", "`", "´", "\u200b", "\u202e", "\u0338", "\n", " "),
                *("no text", "size 2048", "cup", "红"),
            )
        ),
        min_size=1,
        max_size=12,
    ).map("".join),
).filter(lambda text: bool(text.strip()))


@settings(deadline=None, max_examples=1000)
@given(text=hostile, field=st.sampled_from(["must_have", "must_not"]))
def test_free_text_never_becomes_a_rule_a_quotation_or_a_control_token(text: str, field: str) -> None:
    plain = plain_scene()
    try:
        spec = compile_prompt(a_form(**{field: (text,)}), SCENE, packaged())
    except PromptError:
        return
    for written in (spec.text, spec.negative):
        assert not set(written) & set("\"'`´“”‘’«»「」『』<>\n\u200b\u202e")
        assert len(written) <= 600
    if field == "must_have":
        assert spec.text.startswith(plain.text.removesuffix("."))
        assert spec.negative == ""
    assert spec.claims == plain.claims
