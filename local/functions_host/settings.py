"""Settings of a function app: host.json with its environment overrides, and local.settings.json."""

import json
import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from local.functions_host.errors import SettingsError

OVERRIDE_PREFIX = "AzureFunctionsJobHost__"
_KNOWN = {
    "version",
    "functionTimeout",
    "logging",
    "extensionBundle",
    "telemetryMode",
    "extensions.http.routePrefix",
    "extensions.http.maxOutstandingRequests",
    "extensions.http.maxConcurrentRequests",
    "extensions.http.dynamicThrottlesEnabled",
    "extensions.http.customHeaders",
    "extensions.queues.batchSize",
    "extensions.queues.newBatchThreshold",
    "extensions.queues.maxDequeueCount",
    "extensions.queues.visibilityTimeout",
    "extensions.queues.maxPollingInterval",
    "extensions.queues.messageEncoding",
}


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """extensions.http; -1 is "no limit"."""

    route_prefix: str = "api"
    max_outstanding: int = -1
    max_concurrent: int = -1
    custom_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """extensions.queues; times in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: float = 0.0
    max_polling_interval: float = 2.0  # one minute in Azure; the extension takes 2 s in its Development environment
    encoding: Literal["base64", "none"] = "base64"


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What host.json says; `function_timeout` in seconds or None, `not_imitated` lists the keys without effect here."""

    http: HttpSettings = field(default_factory=HttpSettings)
    queues: QueueSettings = field(default_factory=QueueSettings)
    function_timeout: float | None = 1800.0  # the default of Flex Consumption
    not_imitated: tuple[str, ...] = ()


def read_host_settings(app_dir: Path, environment: Mapping[str, str]) -> HostSettings:
    """Read host.json and lay the AzureFunctionsJobHost__* overrides over it.

    Raises:
        SettingsError: the file is missing or malformed, or a value is out of its range.
    """
    document = _read_json(app_dir / "host.json")
    if document.get("version") != "2.0":
        raise SettingsError(f'{app_dir / "host.json"}: "version" must be "2.0", found {document.get("version")!r}.')
    for name, value in environment.items():
        if name.lower().startswith(OVERRIDE_PREFIX.lower()):
            _override(document, name[len(OVERRIDE_PREFIX) :].split("__"), value)
    read = _Reader(document)
    return HostSettings(
        http=_http(read),
        queues=_queues(read),
        function_timeout=_function_timeout(read),
        not_imitated=tuple(sorted(path for path in _paths(document) if not _is_known(path))),
    )


def read_local_settings(app_dir: Path) -> dict[str, str]:
    """Return Values of local.settings.json, or of local.settings.json.example when there is no such file, or nothing.

    Raises:
        SettingsError: the file is malformed or encrypted, or a value is not a string.
    """
    names = ("local.settings.json", "local.settings.json.example")
    path = next((app_dir / name for name in names if (app_dir / name).exists()), None)
    if path is None:
        return {}
    document = _read_json(path)
    if document.get("IsEncrypted"):
        raise SettingsError(f"{path}: IsEncrypted is true; run `func settings decrypt` first.")
    values = document.get("Values") or {}
    wrong = [name for name, value in values.items() if not isinstance(value, str)]
    if wrong:
        raise SettingsError(f"{path}: Values must be strings; these are not: {', '.join(wrong)}.")
    return dict(values)


def apply_settings(values: Mapping[str, str], environment: MutableMapping[str, str]) -> list[str]:
    """Set each value that the environment does not hold already (Core Tools: an earlier non-empty value wins).

    Returns the names that were skipped.
    """
    skipped = [name for name in values if environment.get(name)]
    environment.update({name: value for name, value in values.items() if name not in skipped})
    return skipped


def host_environment(app_dir: Path) -> dict[str, str]:
    """What the host itself sets for the app."""
    return {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "AzureWebJobsScriptRoot": str(app_dir),
        "FUNCTIONS_WORKER_RUNTIME": "python",
    }


def expand(text: str, environment: Mapping[str, str], where: str) -> str:
    """Replace each %NAME% by the setting of that name.

    Raises:
        SettingsError: there is no such setting.
    """

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1])
        if not found:
            raise SettingsError(f"{where}: '%{match[1]}%' does not resolve: there is no setting {match[1]!r}.")
        return found

    return re.sub(r"%([^%\s]+)%", value, text)


def is_disabled(function: str, environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a setting switches the function off."""
    environment = os.environ if environment is None else environment
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
    return any(environment.get(name, "").strip().lower() in {"1", "true"} for name in names)


def parse_time_span(text: str) -> float:
    """Seconds of a .NET time span `[-][d.]hh:mm:ss[.fff]`.

    Raises:
        ValueError: it is not one.
    """
    match = re.fullmatch(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,7})?))?", text.strip())
    if not match or int(match[3]) > 23 or int(match[4]) > 59 or float(match[5] or 0) >= 60:
        raise ValueError(f"{text!r} is not a time span such as 00:05:00")
    seconds = int(match[2] or 0) * 86400 + int(match[3]) * 3600 + int(match[4]) * 60 + float(match[5] or 0)
    return -seconds if match[1] else seconds


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist; a function app needs it.") from None
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}:{error.lineno}:{error.colno}: {error.msg}.") from None
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: must hold a JSON object.")
    return document


def _override(document: dict[str, Any], path: list[str], value: str) -> None:
    name, *rest = path
    name = next((key for key in document if key.lower() == name.lower()), name)
    if not rest:
        document[name] = value
        return
    inner = document.setdefault(name, {})
    if not isinstance(inner, dict):
        raise SettingsError(f"{OVERRIDE_PREFIX}{'__'.join(path)}: {name!r} of host.json is not an object.")
    _override(inner, rest, value)


def _paths(document: Mapping[str, Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for name, value in document.items():
        path = prefix + name
        is_leaf = not isinstance(value, dict) or not value or _is_known(path)
        found += [path] if is_leaf else _paths(value, path + ".")
    return found


def _is_known(path: str) -> bool:
    return path.lower() in {known.lower() for known in _KNOWN} or path == "$schema"


class _Reader:
    """Typed look-up in host.json; overrides from the environment arrive as strings."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def value(self, path: str) -> Any:
        here: Any = self._document
        for name in path.split("."):
            if not isinstance(here, Mapping):
                return None
            here = next((inner for key, inner in here.items() if key.lower() == name.lower()), None)
        return here

    def integer(self, path: str, default: int, low: int, high: int = 2**31 - 1) -> int:
        return int(self._checked(path, default, int, lambda n: low <= n <= high, f"an integer from {low} to {high}"))

    def seconds(self, path: str, default: float, low: float = 0.0) -> float:
        return float(self._checked(path, default, parse_time_span, lambda s: s >= low, "a time span such as 00:00:30"))

    def _checked(
        self, path: str, default: float, parse: Callable[[str], float], fits: Callable[[float], bool], what: str
    ) -> float:
        value = self.value(path)
        if value is None:
            return default
        try:
            number = parse(str(value))
        except ValueError:
            number = None
        if number is None or isinstance(value, bool) or not fits(number):
            raise SettingsError(f"host.json: {path} must be {what}, found {value!r}.")
        return number


def _http(read: _Reader) -> HttpSettings:
    headers = read.value("extensions.http.customHeaders") or {}
    if not isinstance(headers, Mapping) or not all(isinstance(value, str) for value in headers.values()):
        raise SettingsError("host.json: extensions.http.customHeaders must map names to strings.")
    prefix = read.value("extensions.http.routePrefix")
    return HttpSettings(
        route_prefix="api" if prefix is None else str(prefix).strip("/"),
        max_outstanding=read.integer("extensions.http.maxOutstandingRequests", -1, -1),
        max_concurrent=read.integer("extensions.http.maxConcurrentRequests", -1, -1),
        custom_headers=headers,
    )


def _queues(read: _Reader) -> QueueSettings:
    batch = read.integer("extensions.queues.batchSize", 16, 1, 32)
    encoding = str(read.value("extensions.queues.messageEncoding") or "base64").lower()
    if encoding not in {"base64", "none"}:
        raise SettingsError(
            f'host.json: extensions.queues.messageEncoding must be "base64" or "none", is {encoding!r}.'
        )
    return QueueSettings(
        batch_size=batch,
        new_batch_threshold=read.integer("extensions.queues.newBatchThreshold", batch // 2, 0),
        max_dequeue_count=read.integer("extensions.queues.maxDequeueCount", 5, 1),
        visibility_timeout=read.seconds("extensions.queues.visibilityTimeout", 0.0),
        max_polling_interval=read.seconds("extensions.queues.maxPollingInterval", 2.0, 0.1),
        encoding=cast(Literal["base64", "none"], encoding),
    )


def _function_timeout(read: _Reader) -> float | None:
    value = read.value("functionTimeout")
    if value is None:
        return 1800.0
    return None if str(value).strip() == "-1" else read.seconds("functionTimeout", 1800.0, 1.0)
