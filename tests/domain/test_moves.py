"""Every move from every pair of states: one grid per move, a row per agent state, a column per call state.

A cell says what becomes of the call and of the agent: a state, `=` (written, in the same state), `.` (not
written) or `del`; or how the move is refused: `gone`, `wrong` (wrong_state), `bug` (IllegalMove), or `none`
(nothing to do). Most pairs never exist; they are what a stale read looks like, and there the agent or call
is written unchanged, so that the store compares it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from engine.domain.change import Change, Write
from engine.domain.errors import Code, Refused
from engine.domain.facts import AgentMoved
from engine.domain.lifecycle import AgentState, CallState, IllegalMove
from engine.domain.model import Agent, Call, Record
from engine.domain.moves import agent as agents
from engine.domain.moves import customer as customers
from engine.domain.moves import time

from .builders import AGENT, CALL, LATER, NOW, POLICY, TIMINGS, agent, call, customer

Move = Callable[[Call | None, Agent], Change | None]
COLUMNS = (None, *CallState)
SHORT = {
    "waiting": "wait",
    "offered": "ofrd",
    "connected": "conn",
    "ended": "end",
    "offline": "off",
    "not_ready": "not",
    "ready": "rdy",
    "on_call": "on",
    "wrap_up": "wrap",
}


def _hello(c: Call | None, a: Agent) -> Change:
    here: dict[str, Any] = {"sub": a.id, "name": a.name, "queues": a.queues, "skills": a.skills}
    return agents.log_in(a, c, **here, session="s9", node="n9", day_at=0, timings=TIMINGS, now=NOW)


def _due(c: Call | None, a: Agent, **fields: Any) -> Change | None:
    assert c is not None
    return time.due(evolve(c, **fields), a, POLICY, LATER)


MOVES: dict[str, Move] = {
    "customer comes": lambda c, a: customers.come(
        customer(), c, sub="k1", name="Budi", session="s9", node="n9", now=NOW
    ),
    "customer leaves": lambda c, a: customers.leave(c, a, POLICY, NOW),
    "customer drops": lambda c, a: customers.drop(customer(), c, a, POLICY, NOW),
    "agent logs in": _hello,
    "agent asks for ready": lambda c, a: agents.set_state(a, AgentState.READY, "", POLICY, NOW),
    "agent asks for not_ready": lambda c, a: agents.set_state(a, AgentState.NOT_READY, "", POLICY, NOW),
    "agent asks for offline": lambda c, a: agents.set_state(a, AgentState.OFFLINE, "", POLICY, NOW),
    "agent accepts": lambda c, a: agents.accept(a, c, "o1", NOW),
    "agent declines": lambda c, a: agents.decline(a, c, "o1", POLICY, NOW),
    "agent hangs up": lambda c, a: agents.hang_up(a, c, POLICY, NOW),
    "agent finishes wrap-up": lambda c, a: agents.finish_wrap_up(a, c, "", "", POLICY, NOW),
    "agent drops": lambda c, a: agents.drop(a, c, POLICY, NOW),
    "offer": lambda c, a: time.offer(c or call(), a, offer_id="o2", why="{}", policy=POLICY, now=NOW),
    "time passes": _due,
    "time passes, customer lost": partial(_due, customer_until=NOW),
    "time passes, agent lost": partial(_due, agent_until=NOW),
    "time passes, both lost": partial(_due, customer_until=NOW, agent_until=NOW),
    "time passes for the agent": lambda c, a: time.due(a, c, POLICY, LATER),
}

GRIDS = {
    "customer comes": """
        offline    ./.    =/.    =/.    =/.    ./.
        not_ready  ./.    =/.    =/.    =/.    ./.
        ready      ./.    =/.    =/.    =/.    ./.
        offered    ./.    =/.    =/.    =/.    ./.
        on_call    ./.    =/.    =/.    =/.    ./.
        wrap_up    ./.    =/.    =/.    =/.    ./.
    """,
    "customer leaves": """
        offline    wrong  end/.  end/=     end/=     wrong
        not_ready  wrong  end/.  end/=     end/=     wrong
        ready      wrong  end/.  end/=     end/=     wrong
        offered    wrong  end/.  end/rdy   end/=     wrong
        on_call    wrong  end/.  end/=     end/wrap  wrong
        wrap_up    wrong  end/.  end/=     end/=     wrong
    """,
    "customer drops": """
        offline    ./.    =/.    wait/=    =/.    ./.
        not_ready  ./.    =/.    wait/=    =/.    ./.
        ready      ./.    =/.    wait/=    =/.    ./.
        offered    ./.    =/.    wait/rdy  =/.    ./.
        on_call    ./.    =/.    wait/=    =/.    ./.
        wrap_up    ./.    =/.    wait/=    =/.    ./.
    """,
    "agent logs in": """
        offline    ./not  ./not  ./not  ./not  ./not
        not_ready  ./=    ./=    ./=    ./=    ./=
        ready      ./=    ./=    ./=    ./=    ./=
        offered    ./rdy  =/rdy  =/=    =/rdy  =/rdy
        on_call    ./rdy  =/rdy  =/rdy  =/=    =/rdy
        wrap_up    ./=    ./=    ./=    ./=    ./=
    """,
    "agent asks for ready": """
        offline    ./rdy  ./rdy  ./rdy  ./rdy  ./rdy
        not_ready  ./rdy  ./rdy  ./rdy  ./rdy  ./rdy
        ready      none   none   none   none   none
        offered    ./=    ./=    ./=    ./=    ./=
        on_call    ./=    ./=    ./=    ./=    ./=
        wrap_up    ./=    ./=    ./=    ./=    ./=
    """,
    "agent asks for not_ready": """
        offline    ./not  ./not  ./not  ./not  ./not
        not_ready  ./=    ./=    ./=    ./=    ./=
        ready      ./not  ./not  ./not  ./not  ./not
        offered    ./=    ./=    ./=    ./=    ./=
        on_call    ./=    ./=    ./=    ./=    ./=
        wrap_up    ./=    ./=    ./=    ./=    ./=
    """,
    "agent asks for offline": """
        offline    none   none   none   none   none
        not_ready  ./off  ./off  ./off  ./off  ./off
        ready      ./off  ./off  ./off  ./off  ./off
        offered    ./=    ./=    ./=    ./=    ./=
        on_call    ./=    ./=    ./=    ./=    ./=
        wrap_up    ./=    ./=    ./=    ./=    ./=
    """,
    "agent accepts": """
        offline    gone   gone   gone     gone   gone
        not_ready  gone   gone   gone     gone   gone
        ready      gone   gone   gone     gone   gone
        offered    gone   gone   conn/on  gone   gone
        on_call    none   none   none     none   none
        wrap_up    none   none   none     none   none
    """,
    "agent declines": """
        offline    gone   gone   gone      gone   gone
        not_ready  gone   gone   gone      gone   gone
        ready      gone   gone   gone      gone   gone
        offered    gone   gone   wait/not  gone   gone
        on_call    gone   gone   gone      gone   gone
        wrap_up    gone   gone   gone      gone   gone
    """,
    "agent hangs up": """
        offline    wrong  wrong  wrong  wrong     wrong
        not_ready  wrong  wrong  wrong  wrong     wrong
        ready      wrong  wrong  wrong  wrong     wrong
        offered    wrong  wrong  wrong  wrong     wrong
        on_call    wrong  wrong  wrong  end/wrap  wrong
        wrap_up    wrong  wrong  wrong  wrong     wrong
    """,
    "agent finishes wrap-up": """
        offline    wrong  wrong  wrong  wrong  wrong
        not_ready  wrong  wrong  wrong  wrong  wrong
        ready      wrong  wrong  wrong  wrong  wrong
        offered    wrong  wrong  wrong  wrong  wrong
        on_call    wrong  wrong  wrong  wrong  wrong
        wrap_up    ./rdy  ./rdy  ./rdy  ./rdy  ./rdy
    """,
    "agent drops": """
        offline    ./=    ./=    ./=       ./=    ./=
        not_ready  ./off  ./off  ./off     ./off  ./off
        ready      ./off  ./off  ./off     ./off  ./off
        offered    ./off  =/off  wait/off  =/off  =/off
        on_call    ./off  =/off  =/off     =/=    =/off
        wrap_up    ./=    ./=    ./=       ./=    ./=
    """,
    "offer": """
        offline    -      bug        bug    bug    bug
        not_ready  -      bug        bug    bug    bug
        ready      -      ofrd/ofrd  bug    bug    bug
        offered    -      bug        bug    bug    bug
        on_call    -      bug        bug    bug    bug
        wrap_up    -      bug        bug    bug    bug
    """,
    "time passes": """
        offline    -      end/.  wait/=    none   del/.
        not_ready  -      end/.  wait/=    none   del/.
        ready      -      end/.  wait/=    none   del/.
        offered    -      end/.  wait/not  none   del/.
        on_call    -      end/.  wait/=    none   del/.
        wrap_up    -      end/.  wait/=    none   del/.
    """,
    "time passes, customer lost": """
        offline    -      end/.  wait/=    end/=     del/.
        not_ready  -      end/.  wait/=    end/=     del/.
        ready      -      end/.  wait/=    end/=     del/.
        offered    -      end/.  wait/not  end/=     del/.
        on_call    -      end/.  wait/=    end/wrap  del/.
        wrap_up    -      end/.  wait/=    end/=     del/.
    """,
    "time passes, agent lost": """
        offline    -      end/.  wait/=    wait/=    del/.
        not_ready  -      end/.  wait/=    wait/=    del/.
        ready      -      end/.  wait/=    wait/=    del/.
        offered    -      end/.  wait/not  wait/=    del/.
        on_call    -      end/.  wait/=    wait/off  del/.
        wrap_up    -      end/.  wait/=    wait/=    del/.
    """,
    "time passes, both lost": """
        offline    -      end/.  wait/=    end/=     del/.
        not_ready  -      end/.  wait/=    end/=     del/.
        ready      -      end/.  wait/=    end/=     del/.
        offered    -      end/.  wait/not  end/=     del/.
        on_call    -      end/.  wait/=    end/wrap  del/.
        wrap_up    -      end/.  wait/=    end/=     del/.
    """,
    "time passes for the agent": """
        offline    none   none   none   none   none
        not_ready  none   none   none   none   none
        ready      none   none   none   none   none
        offered    none   none   none   none   none
        on_call    none   none   none   none   none
        wrap_up    ./rdy  ./rdy  ./rdy  ./rdy  ./rdy
    """,
}

REFUSALS = {Code.OFFER_GONE: "gone", Code.WRONG_STATE: "wrong"}


def _cells() -> list[tuple[str, AgentState, CallState | None, str]]:
    found = []
    for move, grid in GRIDS.items():
        rows = [line.split() for line in grid.strip().splitlines()]
        assert [row[0] for row in rows] == list(AgentState), f"{move}: a row for each agent state, in order"
        for state, *cells in rows:
            pairs = zip(COLUMNS, cells, strict=True)
            found += [(move, AgentState(state), column, cell) for column, cell in pairs if cell != "-"]
    return found


def _word(change: Change, ref: str) -> str:
    write = next((w for w in change.writes if w.ref == ref), None)
    if write is None:
        return "."
    if write.after is None:
        return "del"
    before, after = _state(write.before), _state(write.after)
    return "=" if before == after else SHORT[after]


def _state(record: Record | None) -> str:
    assert isinstance(record, Call | Agent)
    return record.state.value


def _outcome(move: Move, c: Call | None, a: Agent) -> str:
    try:
        change = move(c, a)
    except Refused as refused:
        return REFUSALS[refused.code]
    except IllegalMove:
        return "bug"
    if change is None or change == Change():
        return "none"
    _check_facts(change)
    return f"{_word(change, CALL)}/{_word(change, AGENT)}"


def _check_facts(change: Change) -> None:
    """Whoever moved is said to have moved, and nobody else; every fact has the change's instant."""
    moved = {w.after.id for w in change.writes if isinstance(w.after, Agent) and _has_moved(w)}
    told = [f for f in change.facts if isinstance(f, AgentMoved)]
    assert {f.agent for f in told} == moved
    assert len(told) == len(moved)
    assert len({f.at for f in change.facts}) <= 1


def _has_moved(write: Write) -> bool:
    before, after = write.before, write.after
    assert isinstance(after, Agent)
    return not isinstance(before, Agent) or (before.state, before.reason) != (after.state, after.reason)


def test_there_is_a_grid_for_every_move() -> None:
    assert list(GRIDS) == list(MOVES)


@pytest.mark.parametrize(("move", "of_agent", "of_call", "expected"), _cells())
def test_a_move(move: str, of_agent: AgentState, of_call: CallState | None, expected: str) -> None:
    held = None if of_call is None else call(of_call)
    assert _outcome(MOVES[move], held, agent(of_agent)) == expected
