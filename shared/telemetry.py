"""Structured logs: one JSON object a line on stderr, with the service and, inside `task_scope`, the task id."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog
from pydantic_settings import SettingsConfigDict

from shared.settings import SettingsGroup

# Each writes a line per attempt while a server is away (aiokafka about 200 a second): only their errors are kept.
_NOISY = ("aiokafka", "faststream", "botocore", "aiobotocore", "httpx", "httpcore", "uvicorn.access")


class LogSettings(SettingsGroup):
    """How much is logged (LOG_LEVEL) and in which form (LOG_FORMAT: `json` for machines, `text` for people)."""

    model_config = SettingsConfigDict(env_prefix="LOG_", extra="ignore", frozen=True, env_ignore_empty=True)

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "text"] = "json"


def configure(*, service: str, settings: LogSettings) -> None:
    """Send every log line of this process, the libraries' too, through one formatter."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = settings.format == "json"
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "aiokafka" else logging.ERROR)
    structlog.contextvars.bind_contextvars(service=service)


@contextmanager
def task_scope(task_id: str | None, **fields: object) -> Iterator[None]:
    """Put `task_id` and `fields` on every log line that is written inside."""
    values = {key: value for key, value in {"task_id": task_id, **fields}.items() if value is not None}
    with structlog.contextvars.bound_contextvars(**values):
        yield


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; may be made at import, writes nothing until `configure` was called."""
    log: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return log
