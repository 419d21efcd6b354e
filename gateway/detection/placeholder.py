"""Imports presidio-analyzer without what its own engines and recognizers need (docs/adr/0019).

None of those is used here, and spaCy, tldextract (which would fetch a list from the internet),
requests and phonenumbers are most of the time and of the memory of its import. While Presidio is
imported they are placeholders: names to annotate and to decorate with, that do nothing. Whoever
imports one of them, before or after, gets the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final, TypeVar

_PACKAGES: Final = (
    *("spacy", "thinc", "tldextract", "requests", "phonenumbers", "pydantic"),
    *(
        f"presidio_analyzer.{part}"
        for part in ("predefined_recognizers", "input_validation", "chunkers", "llm_utils")
    ),
)
T = TypeVar("T")


class _Nothing(type):
    """A class of theirs: to annotate with, to derive from, and its attributes are decorators.

    A function of theirs looks the same: what it returns is called in turn, or is the default of a
    field.
    """

    def __call__(cls, *_: object, **__: object) -> Any:  # noqa: ANN401 - whatever the package returns
        return cls

    def __getattr__(cls, name: str) -> Callable[..., Callable[[T], T]]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: lambda decorated: decorated


class _Placeholder(ModuleType):
    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the package has of that name
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(name, (), {})


class _Finder(MetaPathFinder, Loader):
    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the signature of import
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if self.stands_for(fullname) else None

    def stands_for(self, name: str) -> bool:
        """Say whether a module of this name is in one of the packages."""
        return any(name == each or name.startswith(f"{each}.") for each in self.packages)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Placeholder(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: a placeholder is empty."""


@contextmanager
def without_unused() -> Iterator[None]:
    """Import inside what would import the packages. One that is imported already stays."""
    finder = _Finder(frozenset(_PACKAGES) - sys.modules.keys())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in list(filter(finder.stands_for, sys.modules)):
            del sys.modules[name]
