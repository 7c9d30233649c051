"""What an app consists of, as a table: shown at start and by the `check` command."""

import os
from pathlib import Path

from local.functions_host.functions import Function
from local.functions_host.host import FunctionsHost
from local.functions_host.settings import expand


async def check(app_dir: Path) -> str:
    """Load an app without running its triggers and return its table.

    Raises:
        HostError: it cannot be loaded; the message is the real reason.
    """
    async with FunctionsHost(app_dir, run_triggers=False) as host:
        return overview(host, "")


def overview(host: FunctionsHost, url: str) -> str:
    """One line per function in the order of matching: name, trigger, where it listens, authorization."""
    templates = {route.function.name: route.template.text for route in host.routes}
    rows = [_row(function, templates, url) for function in host.functions]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]).rstrip()
        for row in rows
    )


def _row(function: Function, templates: dict[str, str], url: str) -> tuple[str, str, str, str]:
    off = " (disabled)" if function.is_disabled else ""
    properties = function.trigger.properties
    match function.trigger.type:
        case "httpTrigger":
            methods = ",".join(sorted(function.methods)) or "any"
            return function.name, methods, f"{url}/{templates[function.name]}", function.auth_level + off
        case "queueTrigger":
            queue = expand(str(properties["queueName"]), os.environ, f"function '{function.name}'")
            return function.name, "queue", queue, str(properties.get("connection") or "") + off
    schedule = expand(str(properties["schedule"]), os.environ, f"function '{function.name}'")
    return function.name, "timer", schedule, off.strip()
