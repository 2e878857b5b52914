"""A supervisor's commands, carried out: read what they are about, decide, commit, and again after a conflict.

What is outside his bounds is to him as if it were not there.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import structlog
from attrs import frozen

from engine.actors.answers import RETRY_MS
from engine.actors.bounds import Bounds
from engine.actors.context import Context
from engine.actors.ports import Identity
from engine.actors.requests import (
    AgentSetSkills,
    AgentSetState,
    CallAssign,
    CallEnd,
    CallPrioritise,
    QueuePause,
    QueueResume,
    Request,
    RulesReload,
)
from engine.actors.rulebook import RULES
from engine.domain.change import Change, Conflict, Unavailable
from engine.domain.errors import Code, Refused
from engine.domain.model import Agent, Call, QueueGate, Record, Ref
from engine.domain.moves import supervisor as moves
from engine.domain.moves.time import partner_ref

log = structlog.get_logger()

#: Conflicts in a row before a command is answered `unavailable`.
ATTEMPTS = 20

Found = Mapping[Ref, Record]
Decide = Callable[[Found, int], Change]


@frozen
class Commands:
    """Those of one supervisor."""

    context: Context
    identity: Identity
    bounds: Bounds

    async def carry_out(self, request: Request) -> None:
        """Raises Refused, Unavailable, Reaped."""
        match request:
            case RulesReload():
                await self._reload()
            case QueuePause(queue=queue):
                await self._gate(queue, paused=True)
            case QueueResume(queue=queue):
                await self._gate(queue, paused=False)
            case CallPrioritise() | CallEnd():
                await self._commit((f"call:{request.call_id}",), lambda f, now: self._call(request, f, now))
            case CallAssign():
                await self._assign(request)
            case AgentSetState() | AgentSetSkills():
                await self._commit(
                    (f"agent:{request.agent_id}",), lambda f, now: self._agent(request, f, now)
                )
            case _:
                raise TypeError(f"a supervisor cannot command {request!r}")

    # deciding

    def _call(self, request: CallPrioritise | CallEnd, found: Found, now: int) -> Change:
        call, by = self._known_call(request.call_id, found), self.identity.sub
        if isinstance(request, CallPrioritise):
            return moves.prioritise(
                call,
                head_start_ms=request.head_start_ms,
                band=request.band,
                reason=request.reason,
                by=by,
                now=now,
            )
        agent = found.get(f"agent:{call.agent}")
        holder = agent if isinstance(agent, Agent) else None
        return moves.end_call(call, holder, policy=self.context.policy, by=by, now=now)

    def _agent(self, request: AgentSetState | AgentSetSkills, found: Found, now: int) -> Change:
        agent, by = self._known_agent(request.agent_id, found), self.identity.sub
        policy = self.context.policy
        if isinstance(request, AgentSetState):
            return moves.set_state(agent, request.state, request.reason or "", policy=policy, by=by, now=now)
        queues = self._queues_for(agent, request.queues)
        return moves.reskill(agent, queues, request.skills, policy=policy, by=by, now=now)

    def _queues_for(self, agent: Agent, asked: Iterable[str]) -> tuple[str, ...]:
        """What he is to serve: of the queues that this supervisor does not see, those he serves now.

        Less those that there are no more: nobody could take them off him, and with them nothing is granted.
        """
        there = self.context.policy.queues
        hidden = [queue for queue in agent.queues if not self.bounds.sees_queue(queue) and queue in there]
        for queue in asked:
            if not self.bounds.sees_queue(queue) and queue not in hidden:
                raise Refused(Code.NO_SUCH_QUEUE, "there is no such queue", field="queues")
        return tuple(dict.fromkeys([*asked, *hidden]))

    def _known_call(self, call_id: str, found: Found) -> Call:
        call = found.get(f"call:{call_id}")
        if not isinstance(call, Call) or not self.bounds.sees_queue(call.queue):
            raise Refused(Code.NO_SUCH_CALL, "there is no such call", field="call_id")
        return call

    def _known_agent(self, agent_id: str, found: Found) -> Agent:
        agent = found.get(f"agent:{agent_id}")
        if not isinstance(agent, Agent) or not self.bounds.sees_agent(agent.queues):
            raise Refused(Code.NO_SUCH_AGENT, "there is no such agent", field="agent_id")
        return agent

    # doing

    async def _assign(self, request: CallAssign) -> None:
        refs, offer_id = (f"call:{request.call_id}", f"agent:{request.agent_id}"), self.context.ids.fresh()
        known = (await self.context.store.read(refs)).get(refs[0])
        rank = await self.context.store.rank(known.queue, known.id) if isinstance(known, Call) else None

        def decide(found: Found, now: int) -> Change:
            call, agent = self._known_call(request.call_id, found), self._known_agent(request.agent_id, found)
            policy = self.context.policy
            why = moves.why(call, agent, passed_over=rank or 0, policy=policy, now=now)
            return moves.assign(
                call, agent, offer_id=offer_id, why=why, policy=policy, by=self.identity.sub, now=now
            )

        await self._commit(refs, decide)

    async def _gate(self, queue: str, *, paused: bool) -> None:
        if not self.bounds.sees_queue(queue):
            raise Refused(Code.NO_SUCH_QUEUE, "there is no such queue", field="queue")

        def decide(found: Found, now: int) -> Change:
            gate = found.get(f"queue:{queue}")
            before = gate if isinstance(gate, QueueGate) else None
            policy, by = self.context.policy, self.identity.sub
            return moves.gate(queue, before, paused=paused, policy=policy, by=by, now=now)

        await self._commit((f"queue:{queue}",), decide)

    async def _reload(self) -> None:
        """This node first, so that what cannot be read stops here; then the journal; then the others."""
        if self.bounds.queues:
            raise Refused(Code.NOT_ALLOWED, "your view is bounded: the rules are everybody's")
        policy, store = self.context.rules.reload(), self.context.store
        await store.commit(moves.rules_reloaded(policy, by=self.identity.sub, now=self.context.clock.now()))
        for node, beat in (await store.beat()).items():
            if node != store.node and beat >= 0:
                with suppress(Unavailable):
                    await store.signal(node, RULES, {"rules": policy.version})

    async def _commit(self, refs: tuple[Ref, ...], decide: Decide) -> None:
        for _ in range(ATTEMPTS):
            change = decide(await self._read(refs), self.context.clock.now())
            if not change.writes and not change.facts:
                return
            try:
                await self.context.store.commit(change)
            except Conflict:
                continue
            return
        raise Refused(Code.UNAVAILABLE, "too many changes at once", retry_ms=RETRY_MS)

    async def _read(self, refs: tuple[Ref, ...]) -> Found:
        """These records, and those that move with them."""
        found = dict(await self.context.store.read(refs))
        partners = {ref for record in found.values() if (ref := partner_ref(record)) is not None}
        if missing := partners - found.keys():
            found |= await self.context.store.read(sorted(missing))
        return found
