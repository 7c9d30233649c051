"""The host's log: one readable line per event on stderr, with the function and the invocation it belongs to."""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any, TextIO

LOGGER = logging.getLogger("functions_host")
_QUIET = {  # the chatter of libraries that Azure's default filters keep out of sight as well
    "azure.functions": logging.WARNING,
    "azure.core": logging.WARNING,
    "azure.identity": logging.ERROR,  # it warns at each attempt of what the caller then raises
    "azure.quantum": logging.WARNING,
    "httpx": logging.WARNING,
    "asyncio": logging.WARNING,
    "urllib3": logging.WARNING,
    "uvicorn": logging.WARNING,
}
_OWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "invocation_id", "function"}
_names: dict[str, str] = {}  # invocation id -> function, while it runs


def began(invocation_id: str, function: str) -> None:
    """Let log lines of this invocation name the function."""
    _names[invocation_id] = function


def ended(invocation_id: str) -> None:
    """Forget an invocation."""
    _names.pop(invocation_id, None)


def set_up(style: str, stream: TextIO | None = None) -> logging.Handler:
    """Send every logger to one stream in the style `text` or `json`; returns the handler, to be removed at the end."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_with_invocation)
    handler.setFormatter(_JsonFormatter() if style == "json" else _TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)  # the level of a Python worker
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    return handler


def _with_invocation(record: logging.LogRecord) -> bool:
    runtime = sys.modules.get("azure_functions_runtime")
    current = runtime.invocation_id_cv.get() if runtime else None
    record.__dict__.setdefault("invocation_id", current or "")
    record.function = _names.get(record.__dict__["invocation_id"], "")
    return True


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`: the custom dimensions of Application Insights."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = f"{time.strftime('%H:%M:%S', time.localtime(record.created))}.{int(record.msecs):03}"
        own = f" [{record.function} {record.invocation_id[:8]}]" if record.function else ""  # type: ignore[attr-defined]
        level = "" if record.levelno == logging.INFO else f" {record.levelname}"
        more = "".join(f" {name}={value}" for name, value in _extras(record).items())
        text = f"{moment}{level}{own} {record.getMessage()}{more}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "function": record.function,  # type: ignore[attr-defined]
            "invocationId": record.invocation_id,  # type: ignore[attr-defined]
            "message": record.getMessage(),
            **{name: str(value) for name, value in _extras(record).items()},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
