"""The quantum job service, as an application sees it that knows HTTP and JSON and nothing of quantum computing."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import httpx

TRIES = 4
BUSY = (409, 429, 503)


class Refused(Exception):
    """The service understood and says no; the text is for the person who can change the request."""


class Down(Exception):
    """The service does not answer, not in time, or could not run the job; nobody's mistake."""


class JobService:
    """Estimates, submits and follows jobs until they are done.

    Raises, in every method:
        Refused: a problem document that no repetition changes.
        Down: no answer after several tries, no end before the deadline, or a job that failed.
    """

    def __init__(self, http: httpx.Client, patience: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http, self._sleep = http, sleep
        self._patience, self._deadline = patience, time.monotonic() + patience

    def estimate(self, job: dict[str, Any]) -> dict[str, Any]:
        """Ask what a job would cost on its target, before anything is spent; give its row of the answer."""
        question = {name: job[name] for name in ("program", "shots", "parameterSets")} | {"targets": [job["target"]]}
        row: dict[str, Any] = self._ask("POST", "/estimates", json=question).json()["value"][0]
        if not row["feasible"]:
            raise Refused(" ".join(reason["detail"] for reason in row["reasons"]))
        return row

    def submit(self, job: dict[str, Any]) -> httpx.Response:
        """Post a job.

        Its key is made of its content: the same orders posted again, by a repetition or by a second start of this
        program after a crash, are the same job and are paid for once. Only one that has failed is posted anew.
        """
        content, ended = json.dumps(job, sort_keys=True), ""
        while True:
            key = f"delivery-{hashlib.sha256((content + ended).encode()).hexdigest()[:40]}"
            answer = self._ask("POST", "/jobs", json=job, headers={"Idempotency-Key": key})
            seen = answer.json()
            if not seen["done"] or seen["state"] == "succeeded":
                return answer
            ended = seen["id"]

    def follow(self, answer: httpx.Response) -> dict[str, Any]:
        """Wait until a submitted job is done, looking no more often than the service asks; give its result."""
        while not (job := answer.json())["done"]:
            self._pause(float(answer.headers["Retry-After"]), f"job {job['id']} is still {job['state']}")
            answer = self._ask("GET", job["links"]["self"])
        if job["state"] != "succeeded":
            raise Down(f"job {job['id']} {job['state']}: {(job['error'] or {}).get('detail', 'no reason given')}")
        result: dict[str, Any] = self._ask("GET", job["links"]["result"]).json()
        return result

    def _ask(self, method: str, url: str, **request: Any) -> httpx.Response:
        for again in range(1, TRIES + 1):
            try:
                answer = self._http.request(method, url, **request)
            except httpx.TransportError as error:
                why, wait = f"{self._http.base_url} does not answer ({error})", float(again)
            else:
                if answer.is_success:
                    return answer
                if not (answer.status_code >= 500 or (answer.status_code in BUSY and "Retry-After" in answer.headers)):
                    raise Refused(readable(answer))
                why, wait = readable(answer), float(answer.headers.get("Retry-After", again))
            if again < TRIES:
                self._pause(wait, why)
        raise Down(why)

    def _pause(self, seconds: float, why: str) -> None:
        if time.monotonic() + seconds > self._deadline:
            raise Down(f"{why}, and {self._patience:g} s are over")
        self._sleep(seconds)


def readable(answer: httpx.Response) -> str:
    """Put a problem document into one sentence or two; make do with the status where there is none."""
    try:
        problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    except ValueError:
        problem = {}
    words = [f"{answer.status_code} {problem.get('title', answer.reason_phrase)}.", problem.get("detail") or ""]
    if problem.get("didYouMean"):
        words.append(f"Did you mean {problem['didYouMean']}?")
    words += [_fault(fault) for fault in problem.get("errors", ())[:3]]
    return " ".join(word for word in words if word)


def _fault(fault: dict[str, Any]) -> str:
    place = f"line {fault['line']}" if "line" in fault else fault.get("pointer", "")
    return f"({place}: {fault['detail']})"
