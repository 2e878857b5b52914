"""What people, supervisors and time do, as decisions on what somebody knows of the records, now or lately."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from engine.domain.change import Change, Guard
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call, Customer, QueueGate, Ref
from engine.domain.moves import agent as agents
from engine.domain.moves import customer as customers
from engine.domain.moves import supervisor as supervisors
from engine.domain.moves import time

from .builders import POLICY, TIMINGS
from .ledger import Records

#: What customer k<who> may do, then agent a<who>, then a supervisor with either, then time.
CUSTOMER = ("come", "ask", "leave", "customer_drop")
AGENT = (
    *("hello", "ready", "not_ready", "offline", "agent_drop"),
    *("accept", "decline", "hang_up", "finish", "transfer", "transfer_to"),
)
OF_CALLS = ("prioritise", "assign", "end")
OF_AGENTS = ("send_off", "send_back", "reskill")
OF_QUEUES = ("pause", "resume")
SUPERVISOR = OF_CALLS + OF_AGENTS + OF_QUEUES
TIME = ("offer", "call_due", "agent_due", "customer_due")


@frozen
class Look:
    """What is known of the records."""

    records: Records

    def call(self, name: str) -> Call | None:
        found = self.records.get(f"call:{name}")
        return found if isinstance(found, Call) else None

    def agent(self, name: str) -> Agent | None:
        found = self.records.get(f"agent:{name}")
        return found if isinstance(found, Agent) else None

    def customer(self, name: str) -> Customer | None:
        found = self.records.get(f"customer:{name}")
        return found if isinstance(found, Customer) else None

    def gate(self, name: str) -> QueueGate | None:
        found = self.records.get(f"queue:{name}")
        return found if isinstance(found, QueueGate) else None


@frozen(kw_only=True)
class Doing:
    """One doing of somebody at an instant; `fresh` names whatever it makes (session, call, offer)."""

    command: str
    who: int
    now: int
    fresh: str
    queue: str = "general"

    def decide(self, look: Look) -> Change | None:
        """The change, if he is in a position to ask for any; may raise `Refused`."""
        if self.command == "come":
            return self._come(look)
        if self.command == "hello":
            return self._hello(look)
        if self.command in CUSTOMER:
            return self._customer(look)
        if self.command in SUPERVISOR:
            return self._supervisor(look)
        return self._agent(look) if self.command in AGENT else self._time(look)

    def _come(self, look: Look) -> Change:
        me = look.customer(f"k{self.who}")
        call = None if me is None else look.call(me.call)
        session, node = f"s{self.fresh}", f"n{self.who % 2}"
        return customers.come(me, call, sub=f"k{self.who}", name="", session=session, node=node, now=self.now)

    def _hello(self, look: Look) -> Change:
        me = look.agent(f"a{self.who}")
        return agents.log_in(
            me,
            None if me is None else look.call(me.call),
            sub=f"a{self.who}",
            name="",
            queues=("general", "instant"),
            skills={},
            session=f"s{self.fresh}",
            node=f"n{self.who % 2}",
            day_at=0,
            timings=TIMINGS,
            now=self.now,
        )

    def _customer(self, look: Look) -> Change | None:
        me = look.customer(f"k{self.who}")
        if me is None or not me.session:
            return None
        call = look.call(me.call)
        agent = None if call is None else look.agent(call.agent)
        does: dict[str, Callable[[], Change]] = {
            "ask": lambda: self._ask(me, call),
            "leave": lambda: customers.leave(call, agent, POLICY, self.now),
            "customer_drop": lambda: customers.drop(me, call, agent, POLICY, self.now),
        }
        return does[self.command]().guarded(Guard(me.ref, "session", me.session))

    def _ask(self, me: Customer, last: Call | None) -> Change:
        nothing: dict[str, Any] = {"skills": {}, "attributes": {}, "client_attributes": {}}
        asking = customers.Asking(request_id=self.fresh, queue=self.queue, tier="regular", **nothing)
        return customers.ask(me, last, asking, call_id=f"c{self.fresh}", policy=POLICY, now=self.now)

    def _agent(self, look: Look) -> Change | None:
        me = look.agent(f"a{self.who}")
        if me is None or not me.session:
            return None
        call, now = look.call(me.call), self.now
        colleague = look.agent(f"a{self.who % 3 + 1}")
        if self.command == "transfer_to" and colleague is None:
            return None
        does: dict[str, Callable[[], Change]] = {
            "ready": lambda: agents.set_state(me, AgentState.READY, "", POLICY, now),
            "not_ready": lambda: agents.set_state(me, AgentState.NOT_READY, "lunch", POLICY, now),
            "offline": lambda: agents.set_state(me, AgentState.OFFLINE, "", POLICY, now),
            "accept": lambda: agents.accept(me, call, me.offer, now),
            "decline": lambda: agents.decline(me, call, me.offer, POLICY, now),
            "hang_up": lambda: agents.hang_up(me, call, POLICY, now),
            "finish": lambda: agents.finish_wrap_up(me, call, "", "", POLICY, now),
            "agent_drop": lambda: agents.drop(me, call, POLICY, now),
            "transfer": lambda: self._transfer(me, call, None),
            "transfer_to": lambda: self._transfer(me, call, colleague),
        }
        return does[self.command]().guarded(Guard(me.ref, "session", me.session))

    def _transfer(self, me: Agent, call: Call | None, colleague: Agent | None) -> Change:
        queue = self.queue if colleague is None else None
        return agents.transfer(
            me, call, queue=queue, colleague=colleague, note="", policy=POLICY, now=self.now
        )

    def _supervisor(self, look: Look) -> Change | None:
        by: dict[str, Any] = {"by": "boss", "now": self.now}
        if self.command in OF_QUEUES:
            paused = self.command == "pause"
            return supervisors.gate(self.queue, look.gate(self.queue), paused=paused, policy=POLICY, **by)
        agent = look.agent(f"a{self.who}")
        if self.command in OF_AGENTS:
            return None if agent is None else self._of_agent(agent, by)
        customer = look.customer(f"k{self.who}")
        call = None if customer is None else look.call(customer.call)
        return None if call is None else self._of_call(call, agent, look, by)

    def _of_agent(self, agent: Agent, by: dict[str, Any]) -> Change:
        match self.command:
            case "reskill":
                return supervisors.reskill(agent, (self.queue,), {}, policy=POLICY, **by)
            case "send_off":
                return supervisors.set_state(agent, AgentState.OFFLINE, "", policy=POLICY, **by)
            case _:
                return supervisors.set_state(agent, AgentState.READY, "", policy=POLICY, **by)

    def _of_call(self, call: Call, agent: Agent | None, look: Look, by: dict[str, Any]) -> Change | None:
        match self.command:
            case "prioritise":
                place: dict[str, Any] = {"head_start_ms": 1_000 * self.who, "band": self.now % 2}
                return supervisors.prioritise(call, **place, reason="vip", **by)
            case "end":
                return supervisors.end_call(call, look.agent(call.agent), policy=POLICY, **by)
            case _:
                offer: dict[str, Any] = {"offer_id": f"o{self.fresh}", "why": "", "policy": POLICY}
                return None if agent is None else supervisors.assign(call, agent, **offer, **by)

    def _time(self, look: Look) -> Change | None:
        customer = look.customer(f"k{self.who}")
        call = None if customer is None else look.call(customer.call)
        match self.command:
            case "offer":
                agent = look.agent(f"a{self.who}")
                waits = call is not None and call.state is CallState.WAITING and call.customer_until is None
                if call is None or agent is None or not waits or agent.state is not AgentState.READY:
                    return None
                return time.offer(call, agent, offer_id=f"o{self.fresh}", why="", policy=POLICY, now=self.now)
            case "call_due":
                return None if call is None else due(look, call.ref, self.now)
            case "agent_due":
                return due(look, f"agent:a{self.who}", self.now)
            case _:
                return due(look, f"customer:k{self.who}", self.now)


def due(look: Look, ref: Ref, now: int) -> Change | None:
    """What time makes of that record, as far as is known."""
    record = look.records.get(ref)
    if record is None:
        return None
    partner = time.partner_ref(record)
    return time.due(record, None if partner is None else look.records.get(partner), POLICY, now)
