"""A plain application that runs a Bell program and knows nothing but the HTTP API.

It reads QUANTUM_JOBS_URL and QUANTUM_JOBS_TOKEN. With no account and nothing installed: `make demo`.
"""

import argparse
import os
import sys
import textwrap
import time
import uuid
from typing import Any

import httpx

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""
BAR = 40


class Screen:
    """Prints what happens; colour on a terminal only."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def line(self, what: str, text: str) -> None:
        print(f"{self.paint('1', f'{what:<9}')} {text}", flush=True)

    def histogram(self, counts: dict[str, int]) -> None:
        shots = sum(counts.values())
        for outcome, count in sorted(counts.items()):
            bar = "█" * round(BAR * count / max(counts.values()))
            share = f"{count:>6}  {count / shots:6.1%}"
            print(f"{'':<9} {self.paint('1', outcome)}  {self.paint('36', f'{bar:<{BAR}}')} {share}")


def run(api: httpx.Client, target: str, shots: int, screen: Screen) -> None:
    """Submit, follow and print one job.

    Raises:
        httpx.HTTPStatusError: the service refused; its answer says why.
    """
    print_targets(ask(api, "GET", "/targets").json()["value"], target, screen)
    body = {"target": target, "shots": shots, "name": "bell", "program": {"format": "openqasm3", "source": BELL}}
    # The key makes a repeat of this request safe: it could never run, or cost, twice.
    answer = ask(api, "POST", "/jobs", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
    screen.line(
        "submit", f"{answer.status_code} {answer.reason_phrase}  {answer.json()['id']}  {target}, {shots} shots"
    )
    job = follow(api, answer, screen)
    if job["state"] != "succeeded":
        sys.exit(f"The job {job['state']}: {(job['error'] or {}).get('detail', 'no reason given')}")
    result = ask(api, "GET", f"/jobs/{job['id']}/result").json()
    screen.line("result", f"{result['items'][0]['successfulShots']} shots, bits {result['bitOrder']}")
    screen.histogram(result["items"][0]["counts"])


def follow(api: httpx.Client, answer: httpx.Response, screen: Screen) -> dict[str, Any]:
    """Poll until the job is done, never more often than the service asks; print each state once."""
    started, shown = time.monotonic(), None
    path = f"/jobs/{answer.json()['id']}"
    while True:
        job: dict[str, Any] = answer.json()
        if job["state"] != shown:
            shown = job["state"]
            screen.line(
                "state", f"{time.monotonic() - started:5.1f} s  {screen.paint('32' if job['done'] else '33', shown)}"
            )
        if job["done"]:
            return job
        time.sleep(float(answer.headers["Retry-After"]))
        answer = ask(api, "GET", path)


def ask(api: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    """Call the API; on a refusal print the problem as a person would want to read it, and stop."""
    answer = api.request(method, path, **request)
    if answer.is_error:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        title = problem.get("title", answer.reason_phrase)
        sys.exit(f"{method} {path}: {answer.status_code} {title}. {problem.get('detail', '')}")
    return answer


def print_targets(targets: list[dict[str, Any]], chosen: str, screen: Screen) -> None:
    """List the available targets by provider, the chosen one in colour."""
    able = [target["id"] for target in targets if target["availability"] == "available"]
    screen.line("targets", f"{len(able)} available")
    for provider in sorted({target["provider"] for target in targets}):
        names = [name for name in able if name.startswith(f"{provider}.")]
        shown = [screen.paint("36", name) if name == chosen else name for name in names]
        print(textwrap.fill("  ".join(shown), 100, initial_indent=" " * 10, subsequent_indent=" " * 10))


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--target", default="rigetti.sim.qvm", help="where to run (default: %(default)s)")
    words.add_argument("--shots", type=int, default=1000, help="how often (default: %(default)s)")
    chosen = words.parse_args()
    try:
        url, token = os.environ["QUANTUM_JOBS_URL"], os.environ["QUANTUM_JOBS_TOKEN"]
    except KeyError as missing:
        sys.exit(f"Set {missing.args[0]}, or let `make demo` start a local cloud that does.")
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False) as api:
        try:
            run(api, chosen.target, chosen.shots, Screen())
        except httpx.TransportError as error:
            sys.exit(f"{url} does not answer: {error}")
        except KeyboardInterrupt:
            print("Stopped waiting; a submitted job goes on without us.", file=sys.stderr)
            sys.exit(130)


if __name__ == "__main__":
    main()
