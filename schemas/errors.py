"""The root of the error tree; each room draws its own branch in its `errors.py`.

AssetError
  FormInvalid           schemas
  SheetUnreadable       schemas
  SettingsInvalid       schemas
  DefectUnknown         schemas
  EgressRefused         schemas
  PromptError           prompt_rules
  RenderError           zimage_core
  RequestRefused        zimage_core
  CatalogError          catalog
  StudioError           studio

A class's docstring is its message, so every error reads as a sentence; its `code` is its name in snake case.
"""

import re
from collections.abc import Iterator
from typing import Any, ClassVar


class AssetError(Exception):
    """Something went wrong while making product pictures."""

    code: ClassVar[str] = "asset_error"
    retryable: ClassVar[bool] = False
    status: ClassVar[int] = 500

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str | None = None, **context: Any) -> None:
        """Take a sentence (the docstring's first line when None) and JSON-able facts about the case."""
        self.message = message or (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]
        self.context = context
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.context)


def _rebuild(kind: type[AssetError], message: str, context: dict[str, Any]) -> AssetError:
    return kind(message, **context)


class FormInvalid(AssetError):
    """The product form cannot be used as it stands."""

    status = 422


class SheetUnreadable(AssetError):
    """The form file cannot be read."""

    status = 422


class DefectUnknown(AssetError):
    """There is no such defect; the table of defects names all of them."""

    status = 422


class SettingsInvalid(AssetError):
    """A setting is misspelt or has a value that cannot be used."""


def error_classes(root: type[AssetError] = AssetError) -> Iterator[type[AssetError]]:
    """Yield `root` and every subclass imported so far, parents first."""
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)


def revive(code: str, message: str, context: dict[str, Any]) -> AssetError:
    """Build the error that `code` names again, as it was raised on the other side of a network hop.

    An unknown code becomes a plain AssetError that carries the code in its context.
    """
    for kind in error_classes():
        if kind.code == code:
            return kind(message, **context)
    return AssetError(message, **{**context, "code": code})
