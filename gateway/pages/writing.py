"""The templates of this package, filled in. Whatever is put into one is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE: Final = Path(__file__).parent


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Our own file, not to be escaped: a quote in it would end the rule that it stands in.
    environment.globals["css"] = Markup((_HERE / "page.css").read_text())  # noqa: S704
    return environment


def page(name: str, **values: object) -> str:
    """Return the page `name` over `values`."""
    return _environment().get_template(name).render(**values)
