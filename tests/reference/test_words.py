"""Words are read where they stand."""

from enum import StrEnum

from attrs import frozen

from engine.reference.words import words_of


@frozen
class Told:
    """One thing. And `another`, e.g. this.

    More of it.
    """

    #: above the field,
    #: on two lines
    above: int
    silent: int
    # an ordinary comment
    plain: str = "# no comment"
    behind: str = "#"  # behind it, with ünïcode


class Kind(StrEnum):
    FIRST = "first"  #: a member's
    SECOND = "second"


def test_a_class_tells_its_docstring_and_the_comments_of_its_fields() -> None:
    words = words_of(Told)
    assert words.text == "One thing. And `another`, e.g. this.\n\nMore of it."
    assert words.summary == "One thing."
    assert words.of == {
        "above": "above the field, on two lines",
        "behind": "behind it, with ünïcode",
    }


def test_so_does_an_enumeration() -> None:
    assert (words_of(Kind).text, words_of(Kind).of) == ("", {"FIRST": "a member's"})


def test_where_there_is_no_source_there_are_no_words() -> None:
    made = type("Made", (), {"__module__": "builtins"})
    assert (words_of(made).text, words_of(made).of) == ("", {})
