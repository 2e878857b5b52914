"""How long a live day may be silent before nothing more will come of it."""

from engine.domain.rules import Policy

#: Beyond the rules' longest duration, in real time; and where succession and reconnecting may be part of it.
CALM_S, TROUBLED_S = 5.0, 20.0


def longest_silence_s(policy: Policy, *, troubled: bool) -> float:
    """When nobody has heard anything for so long, and nobody means to do anything, nothing will come."""
    return (TROUBLED_S if troubled else CALM_S) + longest_ms(policy) / 1000


def longest_ms(policy: Policy) -> int:
    """The longest that anything may take by itself under these rules."""
    times, queues = policy.timings, policy.queues.values()
    return max(
        times.decline_rest_ms,
        times.avoid_ms,
        times.prefer_ms,
        times.call_grace_ms,
        times.agent_grace_ms,
        *(max(q.ring_ms, q.wrap_up_ms, q.max_wait_ms or 0) for q in queues),
        *(step.after_ms for q in queues for step in q.steps),
    )
