"""Every error is a sentence, has a code of its own and survives a network hop."""

import importlib
import pickle
import pkgutil

import pytest

from schemas import AssetError, error_classes, revive

for room in ("schemas", "prompt_rules", "zimage_core", "catalog", "flows", "packshot"):
    package = importlib.import_module(room)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name in {"errors", "core_process", "outcomes", "production"}:
            importlib.import_module(f"{room}.{module.name}")

ALL = [kind for kind in error_classes() if not kind.__module__.startswith("test")]


@pytest.mark.parametrize("kind", ALL)
def test_an_error_reads_as_a_sentence(kind: type[AssetError]) -> None:
    sentence = kind().message
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert 200 <= kind.status < 600 or kind.status == 0


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in ALL]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", ALL)
def test_an_error_arrives_as_the_class_that_was_raised(kind: type[AssetError]) -> None:
    sent = kind("The mug fell.", sku="MUG-1")
    arrived = revive(sent.code, sent.message, sent.context)
    assert type(arrived) is kind
    assert (arrived.message, arrived.context) == ("The mug fell.", {"sku": "MUG-1"})


@pytest.mark.parametrize("kind", ALL)
def test_an_error_survives_a_process_boundary(kind: type[AssetError]) -> None:
    sent = kind("The mug fell.", sku="MUG-1")
    arrived = pickle.loads(pickle.dumps(sent))
    assert (type(arrived), arrived.message, arrived.context) == (kind, sent.message, sent.context)


def test_an_unknown_code_still_tells_its_story() -> None:
    arrived = revive("from_the_future", "Something new.", {})
    assert (arrived.message, arrived.context) == ("Something new.", {"code": "from_the_future"})
