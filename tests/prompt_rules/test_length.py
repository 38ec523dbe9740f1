"""A prompt never exceeds what the encoder reads: it loses its least important phrases, and says which."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_rules import PromptTooLong, compile_prompt
from prompt_rules.text import MAX_CHARACTERS, MAX_TOKENS
from schemas import Locale, ShotType
from tests.factories import a_form
from tests.prompt_rules.verbs import packaged

KEYS = {
    column: [value.key for value in packaged().values(column)]
    for column in (
        "category",
        "colour",
        "material",
        "background",
        "style",
        "season",
        "audience",
        "prop",
        "body",
    )
}


def a_full_form(locale: Locale = Locale.EN, words: int = 4) -> object:
    return a_form(
        category="dress",
        styles=tuple(KEYS["style"][:12]),
        props=tuple(KEYS["prop"][:12]),
        season="summer",
        audience="women",
        body=tuple(KEYS["body"][:6]),
        must_have=tuple(f"{n} {'wide ' * 15}" for n in range(words)),
        locale=locale,
    )


def test_the_least_important_phrases_go_first_and_the_trace_says_so() -> None:
    form = a_full_form()
    spec = compile_prompt(form, ShotType.MODEL, packaged())  # type: ignore[arg-type] # a_form's own
    trimmed = [entry for entry in spec.trace if entry.op == "trim"]
    assert spec.tokens <= MAX_TOKENS
    assert len(spec.text) <= MAX_CHARACTERS
    assert "season.summer" in {entry.rule for entry in trimmed}
    assert all(entry.words not in spec.text and "longer than" in entry.why for entry in trimmed)
    assert "3 wide" in spec.text
    assert spec.text.startswith("A red ceramic dress worn by a young adult woman")


def test_what_the_form_demands_is_never_trimmed_but_refused() -> None:
    with pytest.raises(PromptTooLong, match="must_have"):
        compile_prompt(a_full_form(words=12), ShotType.MODEL, packaged())  # type: ignore[arg-type] # the same


forms = st.builds(
    a_form,
    category=st.sampled_from(KEYS["category"]),
    colour=st.sampled_from(KEYS["colour"]),
    material=st.none() | st.sampled_from(KEYS["material"]),
    background=st.none() | st.sampled_from(KEYS["background"]),
    styles=st.lists(st.sampled_from(KEYS["style"]), unique=True, max_size=15).map(tuple),
    props=st.lists(st.sampled_from(KEYS["prop"]), unique=True, max_size=15).map(tuple),
    body=st.lists(st.sampled_from(KEYS["body"]), unique=True, max_size=8).map(tuple),
    season=st.none() | st.sampled_from(KEYS["season"]),
    audience=st.none() | st.sampled_from(KEYS["audience"]),
    must_have=st.lists(st.text("红色ab 𠜎", min_size=1, max_size=60).filter(str.strip), max_size=3).map(
        tuple
    ),
    must_not=st.lists(st.sampled_from(["no text", "无人", "glitter", "props"]), max_size=3).map(tuple),
    locale=st.sampled_from(Locale),
)


@settings(deadline=None, max_examples=150)
@given(form=forms, shot=st.sampled_from(ShotType), attempt=st.integers(0, 7))
def test_the_budget_is_never_exceeded_and_nothing_is_lost_unsaid(
    form: object, shot: ShotType, attempt: int
) -> None:
    try:
        spec = compile_prompt(form, shot, packaged(), attempt)  # type: ignore[arg-type] # built by a_form
    except PromptTooLong:
        return
    assert len(spec.text) <= MAX_CHARACTERS
    assert spec.tokens <= MAX_TOKENS
    claimed = {text for claim in spec.claims for text in claim.truth.texts}
    for entry in spec.trace:
        if entry.op in {"say", "replace"}:
            assert entry.words in spec.text, entry
        elif entry.op == "require":
            assert entry.words in claimed
    assert spec.scoring.isascii() or form.must_have  # type: ignore[attr-defined] # a ProductForm
