"""The deployed tree in this process, in front of a service that is a function: for tests of its policies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.apim.context import Jwt, Response
from local.apim.deployment import NAMED_VALUES
from local.apim.errors import PolicyFailed
from tests.local.apim.gateway_running import Call, Running, answer, running

TREE = Path(__file__).resolve().parents[2] / "apim"
BASE = NAMED_VALUES["public-base-url"]
ROLES = {
    "alice": "Jobs.Submit",
    "bob": "Jobs.Submit",
    "operator": "Jobs.Read.All",
    "outsider": "",
    "admin": "Jobs.Admin",
}


class Callers:
    """Knows the token `NAME`: whoever is called `x-nobody` has no tenant and no object id, `x-bad` does not hold."""

    async def check(self, token: str | None, *, source: str, **_: object) -> Jwt:
        name = (token or "").removeprefix("Bearer ")
        if not name or name == "x-bad":
            raise PolicyFailed(source, "TokenExpired" if name else "TokenNotPresent", "Unauthorized", status=401)
        if name == "x-nobody":
            return Jwt({"roles": ["Jobs.Submit"]})
        if name == "x-keys":
            raise PolicyFailed(source, "OpenIdConfigurationUnavailable", "No keys.", status=503)
        roles = ROLES.get(name, "Jobs.Submit")
        named = {"name": [f"Zoë {name}"]} if name == "alice" else {}
        return Jwt({"tid": ["t1"], "oid": [name], "sub": [name], "roles": roles.split(), "azp": ["a"], **named})


class Service:
    """Answers as the service does: jobs with ETag and Retry-After, results, targets; `job` is each job's document."""

    def __init__(self) -> None:
        self.job: dict[str, Any] = {"state": "queued", "done": False, "revision": 1}
        self.fails: Response | PolicyFailed | None = None

    def __call__(self, call: Call) -> Response:
        if isinstance(self.fails, PolicyFailed):
            raise self.fails
        if self.fails is not None:
            return self.fails
        caller = call.headers.get("X-Caller-Id")
        path = call.target.partition("?")[0]
        if path.endswith("/cancel") or call.method in ("POST", "PATCH"):
            return answer(202, "{}", Content_Type="application/json")
        if call.method == "DELETE":
            return answer(204)
        if path.startswith("/targets"):
            return answer(200, '{"value": []}', ETag='"t"', Content_Type="application/json", Cache_Control="private")
        if path.endswith("/result"):
            media = "text/csv" if call.headers.get("Accept") == "text/csv" else "application/json"
            return answer(200, f'"{caller}"', ETag=f'"{media}"', Content_Type=media)
        return self._job(caller)

    def _job(self, caller: str) -> Response:
        body = json.dumps({"owner": caller, **self.job})
        more = {} if self.job["done"] else {"Retry_After": "20"}
        etag = f'"r{self.job["revision"]}"'
        return answer(200, body, ETag=etag, Content_Type="application/json", Cache_Control="private, no-cache", **more)


def deployed(service: Callable[[Call], Response] | None = None, *, tree: Path = TREE, **options: Any) -> Running:
    """Run the tree of the repository with the values of the local cloud; `named_values` go over them."""
    values = NAMED_VALUES | options.pop("named_values", {})
    return running(tree, named_values=values, reply=service or Service(), tokens=Callers(), **options)
