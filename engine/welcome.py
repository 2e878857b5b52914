"""The `config` of a welcome frame: what each role may choose from, and how people read it."""

from collections.abc import Callable

from engine.actors.context import Standings
from engine.actors.ports import Identity
from engine.domain.rules import Queue
from engine.gateway.messages import (
    AgentConfig,
    Choice,
    CustomerConfig,
    Grace,
    QueueChoice,
    SupervisorConfig,
    WatchedQueue,
)
from engine.settings import Settings

Config = CustomerConfig | AgentConfig | SupervisorConfig


def client_config(settings: Callable[[], Settings], standings: Standings) -> Callable[[Identity], Config]:
    """By identity. `settings` are those of the moment: rules may be read again.

    Whether a queue is open is as last heard: whoever asks is told the truth.
    """

    def config(identity: Identity) -> Config:
        now = settings()
        queues = list(now.policy.queues.values())
        match identity.role:
            case "customer":
                mine = [q for q in queues if not q.tiers or identity.tier in q.tiers]
                return CustomerConfig(
                    queues=_queues(mine, standings),
                    video={"provider": now.video_provider.value},
                    grace_ms=_grace(now),
                )
            case "supervisor":
                seen = [q for q in queues if not identity.queues or q.name in identity.queues]
                return SupervisorConfig(
                    queues=[_watched(queue, standings) for queue in seen],
                    reasons=_words(now, "reasons", now.policy.reasons),
                    tiers=_words(now, "tiers", now.policy.tiers),
                    skills=_words(now, "skills", now.policy.skills),
                )
            case _:
                return AgentConfig(
                    queues=_queues([q for q in queues if q.name in identity.queues], standings),
                    transfer_queues=_queues(queues, standings),
                    reasons=_words(now, "reasons", now.policy.reasons),
                    dispositions=_words(now, "dispositions", now.policy.dispositions),
                    tiers=_words(now, "tiers", now.policy.tiers),
                    skills=_words(now, "skills", now.policy.skills),
                    video={"provider": now.video_provider.value},
                    grace_ms=_grace(now),
                )

    return config


def _queues(queues: list[Queue], standings: Standings) -> list[QueueChoice]:
    return [
        {"id": queue.name, "label": dict(queue.label), "open": _is_open(queue, standings)} for queue in queues
    ]


def _watched(queue: Queue, standings: Standings) -> WatchedQueue:
    return {
        "id": queue.name,
        "label": dict(queue.label),
        "open": _is_open(queue, standings),
        "service_level_ms": queue.service_level_ms,
        "service_target": queue.service_target,
    }


def _is_open(queue: Queue, standings: Standings) -> bool:
    heard = standings.is_open(queue.name)
    return queue.open if heard is None else heard


def _grace(settings: Settings) -> Grace:
    timings = settings.policy.timings
    return {
        "waiting": timings.customer_grace_ms,
        "call": timings.call_grace_ms,
        "agent": timings.agent_grace_ms,
    }


def _words(settings: Settings, kind: str, names: tuple[str, ...]) -> list[Choice]:
    labels = settings.labels.get(kind, {})
    return [{"id": name, "label": dict(labels.get(name, {}))} for name in names]
