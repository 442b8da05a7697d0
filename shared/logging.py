"""One line a record or request, as JSON (on a terminal: in colour), with persons masked."""

import logging
import re
import sys
import time
from collections.abc import MutableMapping, Sequence
from typing import Any, cast

import structlog

# An identifier of ours may hold eleven digits that look like a number; it is left as it is.
_IDENTIFIER = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}"
# A mainland mobile number, however it is written; the middle four digits go.
_NUMBER = r"(?<!\d)(?:(?:\+?86|0086)[- ]?)?(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?!\d)"
_PHONE = re.compile(f"{_IDENTIFIER}|{_NUMBER}")
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_SECRET_KEYS = frozenset(
    {
        "name",
        "number",
        "phone",
        "msisdn",
        "token",
        "password",
        "authorization",
        "cookie",
        "secret",
    }
)
MASKED = "***"

# While a broker is away aiokafka writes some 30 error lines a second; one in five seconds says it.
_CHATTY = ("aiokafka", "faust", "mode")
CHATTY_SECONDS = 5.0
CHATTY_MESSAGES_MAX = 1_000  # remembered at a time; beyond it the memory begins anew

Fields = MutableMapping[str, Any]


def mask(value: Any) -> Any:  # noqa: ANN401 - whatever somebody logs.
    """The value without numbers, names and tokens, at any depth."""
    match value:
        case str():
            return _TOKEN.sub(MASKED, _PHONE.sub(_without_middle, value))
        case dict():
            fields = cast("dict[str, Any]", value)
            return {key: _mask_field(key, item) for key, item in fields.items()}
        case list() | tuple():
            return [mask(item) for item in cast("Sequence[Any]", value)]
        case int() if (found := _PHONE.fullmatch(str(value))) and found[1]:
            return mask(str(value))
        case int() | float() | None:
            return value
        case _:
            # An error or a model would be written by its repr, so that is what is masked.
            return mask(repr(value) if isinstance(value, BaseException) else str(value))


def _without_middle(found: re.Match[str]) -> str:
    return f"{found[1]}****{found[2]}" if found[1] else found[0]


def _mask_field(key: Any, value: Any) -> Any:  # noqa: ANN401 - whatever somebody logs.
    return MASKED if str(key).lower() in _SECRET_KEYS else mask(value)


def _mask_event(_logger: Any, _method: str, fields: Fields) -> Fields:  # noqa: ANN401 - structlog's.
    for key, value in list(fields.items()):
        if not key.startswith("_"):  # structlog's own: the stdlib record on its way to the renderer
            fields[key] = _mask_field(key, value)
    return fields


class _Seldom(logging.Filter):
    """Lets a library say the same thing once in a while."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_CHATTY):
            return True
        now = time.monotonic()
        said = self._said.get(str(record.msg), -CHATTY_SECONDS)
        if now - said < CHATTY_SECONDS:
            return False
        if len(self._said) >= CHATTY_MESSAGES_MAX:
            self._said.clear()
        self._said[str(record.msg)] = now
        return True


def configure_logging(*, service: str, process: str, level: int = logging.INFO) -> None:
    """Set up structlog and the standard library's loggers for one process."""
    stream = sys.__stderr__ or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    on_terminal = stream.isatty()
    renderer = (
        structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(_Seldom())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service, process=process)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    return structlog.stdlib.get_logger(name)
