"""The one table of operations: what the API is, read by routing, answers and tests."""

import re
from dataclasses import dataclass

JOBS_SUBMIT = "Jobs.Submit"
JOBS_READ_ALL = "Jobs.Read.All"
JOBS_ADMIN = "Jobs.Admin"
_ANY_ROLE = frozenset({JOBS_SUBMIT, JOBS_READ_ALL, JOBS_ADMIN})


@dataclass(frozen=True)
class Operation:
    """One method on one path; `name` is the function's name in Azure, `roles` those of which one is needed."""

    name: str
    method: str
    path: str
    status: int
    summary: str
    roles: frozenset[str] = frozenset()
    body: bool = False


# The Functions host matches routes in the order of function names and knows no better fit: the catch-all sorts last.
OPERATIONS = (
    Operation("submit_job", "POST", "jobs", 202, "Submit a program", frozenset({JOBS_SUBMIT, JOBS_ADMIN}), body=True),
    Operation("get_job", "GET", "jobs/{jobId}", 200, "Read a job", _ANY_ROLE),
    Operation("get_result", "GET", "jobs/{jobId}/result", 200, "Read a job's result", _ANY_ROLE),
    Operation("list_targets", "GET", "targets", 200, "List the targets", _ANY_ROLE),
    Operation("get_target", "GET", "targets/{targetId}", 200, "Read a target", _ANY_ROLE),
    Operation("health_live", "GET", "health/live", 200, "Tell that the process runs"),
    Operation("health_ready", "GET", "health/ready", 200, "Tell that the parts behind it answer"),
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}
CATCH_ALL = "zz_no_such_operation"


def methods_of(path: str) -> frozenset[str]:
    """Give the methods that some operation has on a concrete path, without the version before it."""
    trimmed = path.strip("/").lower()
    return frozenset(item.method for item in OPERATIONS if _pattern(item.path).fullmatch(trimmed))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.lower().split("/"))
    )
