"""The fast `evolve` against attrs' own."""

import attrs
import pytest
from attrs import field, frozen

from engine.domain.evolving import evolve
from engine.domain.lifecycle import AgentState
from engine.domain.model import Agent

from .builders import agent, call, customer


@pytest.mark.parametrize("record", [call(), agent(), customer()], ids=lambda record: record.KIND)
def test_it_is_attrs_evolve(record: object) -> None:
    for each in attrs.fields(type(record)):
        other = {each.name: object()}
        assert evolve(record, **other) == attrs.evolve(record, **other)  # type: ignore[misc, type-var]
    assert evolve(record) == record  # type: ignore[type-var]
    assert evolve(record) is not record  # type: ignore[type-var]


def test_the_record_itself_stays_as_it_was() -> None:
    ani: Agent = agent(AgentState.READY)
    assert (evolve(ani, state=AgentState.OFFERED).state, ani.state) == (AgentState.OFFERED, AgentState.READY)


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(KeyError, match="wrong"):
        evolve(agent(), wrong=1)  # type: ignore[call-arg]


def test_a_class_that_converts_is_not_for_it() -> None:
    @frozen
    class Converts:
        x: int = field(converter=int)

    with pytest.raises(AssertionError, match="converts"):
        evolve(Converts("1"), x="2")
