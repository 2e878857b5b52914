"""A pool lives at random: people come, ask, accept, pass on, drop and return, supervisors command.

Every command may also be decided on what was true some steps ago, as a node with stale news would; the store
then refuses it, or it does no harm. At the end everybody leaves, and time alone must clear the pool.
"""

import contextlib

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.domain.board import Board
from engine.domain.change import Change
from engine.domain.errors import Refused
from engine.domain.matching import match
from engine.domain.model import QueueGate, Ref, deadline
from engine.domain.moves import time

from .builders import BEFORE, POLICY
from .idle import IdleTimes
from .invariants import check
from .ledger import Ledger, Shut, Stale
from .people import AGENT, CUSTOMER, SUPERVISOR, Doing, Look, due

EVERYBODY = (1, 2, 3)
COMMANDS = st.sampled_from(CUSTOMER + AGENT + SUPERVISOR)
KINDS = st.sampled_from(["", "call:", "agent:", "customer:", "queue:"])
QUEUES = st.sampled_from(sorted(POLICY.queues))


class Pool(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.board = Board(POLICY)
        self.idle = IdleTimes()
        self.now = BEFORE
        self.past: list[Look] = [Look({})]
        self.last: Change | None = None
        self.names = 0

    def commit(self, change: Change | None) -> None:
        """Commit it, and let board and stopwatches hear of it; a change of nothing is not sent."""
        if change is None or not change.writes:
            return
        versions = {ref: r.version for ref, r in self.ledger.records.items()}
        written = self.ledger.commit(change)
        for ref, record in written.items():
            assert record is None or record.version == versions.get(ref, 0) + 1
            self.board.put(ref, record, self.now)
        self.idle.saw(change)
        self.last = change
        self.past.append(Look(dict(self.ledger.records)))

    def does(self, command: str, who: int, queue: str, look: Look) -> None:
        self.names += 1
        doing = Doing(command=command, who=who, queue=queue, now=self.now, fresh=f"{self.names:05}")
        with contextlib.suppress(Refused, Shut):
            self.commit(doing.decide(look))

    @rule(command=COMMANDS, who=st.sampled_from(EVERYBODY), queue=QUEUES)
    def somebody_does(self, command: str, who: int, queue: str) -> None:
        self.does(command, who, queue, self.past[-1])

    @rule(command=COMMANDS, queue=QUEUES)
    def everybody_does(self, command: str, queue: str) -> None:
        for who in EVERYBODY:
            self.does(command, who, queue, self.past[-1])

    @rule(command=COMMANDS, ago=st.integers(1, 6), only=KINDS)
    def on_old_news(self, command: str, ago: int, only: str) -> None:
        """`only`: just that kind of record is old, as when two reads straddle a commit."""
        old = self.past[max(0, len(self.past) - 1 - ago)].records
        for who in EVERYBODY:
            mixed = {r: v for r, v in self.ledger.records.items() if not r.startswith(only)}
            mixed |= {r: v for r, v in old.items() if r.startswith(only)}
            with contextlib.suppress(Stale):
                self.does(command, who, "general", Look(mixed))

    @rule()
    def the_last_change_is_sent_twice(self) -> None:
        if self.last is not None:
            before = dict(self.ledger.records)
            with contextlib.suppress(Stale):
                self.ledger.commit(self.last)
            assert self.ledger.records == before

    @rule(queue=QUEUES)
    def everybody_is_there(self, queue: str) -> None:
        for command in ("hello", "ready", "come", "ask"):
            self.everybody_does(command, queue)

    @rule()
    def the_leader_matches(self) -> None:
        afresh = Board(POLICY)
        for ref, record in self.ledger.records.items():
            afresh.put(ref, record, self.now)
        found = match(self.board, self.now)
        assert found.proposals == match(afresh, self.now).proposals
        for p in found.proposals:
            self.names += 1
            offer_id = f"o{self.names}"
            self.commit(
                time.offer(p.call, p.agent, offer_id=offer_id, why=p.why, policy=POLICY, now=self.now)
            )
            self.board.release((p.call.ref, p.agent.ref), self.now)

    @rule(queue=QUEUES)
    def everybody_talks(self, queue: str) -> None:
        self.everybody_is_there(queue)
        self.time_passes(700)
        self.the_leader_matches()
        self.everybody_does("accept", queue)

    @rule(queue=QUEUES, to=st.sampled_from(["transfer", "transfer_to"]), who=st.sampled_from(EVERYBODY))
    def somebody_passes_his_call_on(self, queue: str, to: str, who: int) -> None:
        """Most likely to one who is free."""
        self.everybody_talks(queue)
        self.does("hang_up", who % 3 + 1, queue, self.past[-1])
        self.does("finish", who % 3 + 1, queue, self.past[-1])
        self.does(to, who, queue, self.past[-1])

    @rule(ms=st.sampled_from([1, 500, 5_000, 14_999, 20_000, 31_000, 600_000, 4_000_000]))
    def time_passes(self, ms: int) -> None:
        self.now += ms
        self.idle.passed(self.ledger.records, ms)

    @rule()
    def the_leader_keeps_deadlines(self) -> None:
        while (first := self.first_deadline()) is not None and first[0] <= self.now:
            change = due(Look(self.ledger.records), first[1], self.now)
            assert change is not None
            self.commit(change)

    def first_deadline(self) -> tuple[int, Ref] | None:
        whens = [(at, r.ref) for r in self.ledger.records.values() if (at := deadline(r)) is not None]
        first, heard = min(whens, default=None), self.board.next_deadline()
        assert (heard and heard[0]) == (first and first[0])
        return first

    @invariant()
    def all_is_well(self) -> None:
        check(self.ledger.records, self.ledger.facts)
        self.idle.check(self.ledger.records, self.now)

    def teardown(self) -> None:
        self.everybody_does("customer_drop", "general")
        self.everybody_does("agent_drop", "general")
        while (first := self.first_deadline()) is not None:
            self.now = max(self.now, first[0])
            self.the_leader_keeps_deadlines()
            check(self.ledger.records, self.ledger.facts)
        left = [r for r in self.ledger.records.values() if not isinstance(r, QueueGate)]
        assert left == [], "time alone must clear the pool"


TestPool = Pool.TestCase
TestPool.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
