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


Rows = Iterable[Sequence[Child]]


def table(
    caption: str, head: Sequence[Child], rows: Rows, *, class_: str | None = None, cards: bool = False
) -> Html:
    """The first cell of a row is its heading. A wide table scrolls by itself, by keyboard too.

    `cards`: where it is narrow a row becomes a card, whose cells say what they are.
    """
    labels = [str(cell) for cell in head] if cards else [None] * len(head)
    classes = " ".join(filter(None, (class_, "cards" if cards else None))) or None
    return _scrolling(caption, head, el("tbody", *(_row(row, labels) for row in rows)), classes)


def grouped(
    caption: str, head: Sequence[Child], groups: Iterable[tuple[Child, Rows]], *, class_: str
) -> Html:
    """A table whose rows stand in groups, each under its heading."""
    labels = [None] * len(head)
    bodies = []
    for heading, rows in groups:
        over = el("tr", el("th", el("span", heading), scope="rowgroup", colspan=len(head)), class_="group")
        bodies.append(el("tbody", over, *(_row(row, labels) for row in rows)))
    return _scrolling(caption, head, join(bodies), class_)


def _row(row: Sequence[Child], labels: Sequence[str | None]) -> Html:
    cells = (el("td", cell, data_label=label) for cell, label in zip(row[1:], labels[1:], strict=True))
    return el("tr", el("th", row[0], scope="row"), *cells)


def _scrolling(caption: str, head: Sequence[Child], body: Html, class_: str | None) -> Html:
    """The caption stays outside: it does not scroll, and paper does not part it from the first row."""
    named = el("thead", el("tr", *(el("th", cell, scope="col") for cell in head)))
    whole = el("table", named, body, class_=class_)
    box = el("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return el("div", el("p", caption, class_="caption"), box, class_="tabled")


def signed(text: str) -> str:
    """The number of that text with a minus that is one; "-" alone is none."""
    return text.replace("-", "−") if text != "-" else text


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-") if key not in _KEPT else key
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


_KEPT = frozenset({"viewBox", "patternUnits"})
