"""HTML and SVG as text. A child that is no `Html` is escaped, so nothing of a scenario can become a tag."""

from collections.abc import Iterable, Sequence
from html import escape

VOID = frozenset({"meta", "br", "path", "line", "rect", "circle", "use"})


class Html(str):
    """Text that is markup already."""


Child = str | Html | None


def el(tag: str, *children: Child, **attributes: object) -> Html:
    """`class_` is class, `data_x` is data-x; an attribute that is None is left out, True makes it bare."""
    said = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    inner = join(children)
    close = "/>" if tag in VOID and not inner else f">{inner}</{tag}>"
    return Html(f"<{tag}{said}{close}")


def join(children: Iterable[Child]) -> Html:
    return Html("".join(c if isinstance(c, Html) else escape(c, quote=False) for c in children if c))


def table(
    caption: str, head: Sequence[Child], rows: Iterable[Sequence[Child]], *, class_: str | None = None
) -> Html:
    """The first cell of a row is its heading. A wide table scrolls by itself, by keyboard too."""
    body = [el("tr", el("th", row[0], scope="row"), *(el("td", cell) for cell in row[1:])) for row in rows]
    whole = el(
        "table",
        el("caption", caption),
        el("thead", el("tr", *(el("th", cell, scope="col") for cell in head))),
        el("tbody", *body),
        class_=class_,
    )
    return el("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-") if key not in _KEPT else key
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


_KEPT = frozenset({"viewBox", "patternUnits"})
