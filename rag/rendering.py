"""Templates to HTML, with every value escaped. The owner of Jinja2.

Whatever comes from a report, a file name or a question is text: templates are rendered with
autoescape always on, and a name that a template does not get is an error, not an empty string.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rag.dates import date_in_words

__all__ = ["Markup", "render"]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rag", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["date_in_words"] = date_in_words
    return environment


def render(template: str, **values: object) -> Markup:
    """A file of ``rag/templates`` with these values in it; safe to be put in another template."""
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704 (autoescaped)
