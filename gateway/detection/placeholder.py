"""Imports presidio-analyzer without the spaCy below it (docs/adr/0019).

Presidio imports spaCy for its engines for language, of which none is used here: half of the time
and of the memory of its import, a command line, and three clients of HTTP. While it is imported,
its `spacy` is a placeholder: names to annotate and to decorate with, that do nothing. Whoever
imports spaCy itself, before or after, gets spaCy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final, TypeVar

_PACKAGES: Final = frozenset({"spacy", "thinc"})
"""spaCy, and what it computes with."""
T = TypeVar("T")


class _Nothing(type):
    """A class of spaCy's: to annotate with, to derive from, and its attributes are decorators."""

    def __getattr__(cls, name: str) -> Callable[..., Callable[[T], T]]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: lambda decorated: decorated


class _Placeholder(ModuleType):
    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever spaCy has of that name
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(name, (), {})


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the signature of import
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in _PACKAGES:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Placeholder(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: a placeholder is empty."""


@contextmanager
def without_spacy() -> Iterator[None]:
    """Import inside what would import spaCy. Where spaCy is imported already, it stays."""
    if not _PACKAGES.isdisjoint(sys.modules):
        yield
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]:
            del sys.modules[name]
