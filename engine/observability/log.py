"""Logs: one line an event on standard error, as JSON for machines or coloured for people.

Every module says `log = structlog.get_logger()` and names an event and its ids: `log.info("leading",
epoch=7)`. Ids travel as fields, in messages too, never in context variables, which do not follow a message to
another task. Whatever is logged, `_discreet` has the last word: fields that hold secrets or personal data are
hidden by name, and anything that looks like a token is hidden wherever it stands. Tracebacks show no local
variables.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "(hidden)"
#: Fields that never show: secrets, and what a person is called or said.
PRIVATE = frozenset(
    {
        *("token", "resume", "resume_token", "secret", "password", "authorization", "cookie", "redis_url"),
        *("name", "customer_name", "agent_name", "note", "notes", "comment", "attributes", "data", "frame"),
    }
)
#: A JWT or a receipt (base64url parts joined by dots), or the user and password of an URL.
_TOKENS = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)+|(?<=://)[^/@\s]+@")


def configure(form: str, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error), as "json" or "console". Libraries' logs follow, from warnings up."""
    out = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, *_rendering(form, out)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form, out)],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _rendering(form: str, out: TextIO) -> list[Processor]:
    if form == "json":
        transformer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(transformer),
            _discreet,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ]
    return [
        structlog.processors.format_exc_info,
        _discreet,
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback),
    ]


def _discreet(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: HIDDEN if key in PRIVATE else _hide(value) for key, value in event.items()}


def _hide(value: Any) -> Any:
    match value:
        case str():
            return _TOKENS.sub(HIDDEN, value)
        case dict():
            return {k: HIDDEN if k in PRIVATE and k != "name" else _hide(v) for k, v in value.items()}
        case list() | tuple():
            return [_hide(item) for item in value]
        case BaseException():
            return _TOKENS.sub(HIDDEN, repr(value))
    return value
