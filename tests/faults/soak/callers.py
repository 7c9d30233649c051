"""The load: callers of several owners, each doing one thing after the other as its seed says."""

import random
import threading
import time
import uuid

import httpx

from tests import samples

from .ledger import OUTAGES

FREE, SHAKY, BROKEN, PAID = "rigetti.sim.qvm", "ionq.simulator", "quantinuum.sim.h2-2e", "quantinuum.qpu.h2-1"
# PAID has a queue of seconds; at SHAKY every tenth attempt fails and may be repeated, at BROKEN every second for good.
SCRIPT = {
    "targets": {
        PAID: {"queue_seconds": 8000, "execution_seconds": 1000, "capacity": 4},
        SHAKY: {"failure_rate": 0.1},
        BROKEN: {"failure_rate": 0.5, "failure": {"code": "RuntimeError", "message": "It does not run."}},
    }
}
LAYERS = "".join(
    f"for int i in [0:2] {{ cx q[i], q[i + 1]; rz({0.3 * layer + 0.1}) q[i + 1]; cx q[i], q[i + 1]; }}\n"
    f"for int i in [0:3] {{ rx({0.2 * layer + 0.1}) q[i]; }}\n"
    for layer in range(4)
)
QAOA = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[4] c;\n{LAYERS}c = measure q;\n'
WRONG = samples.BELL.replace("cx q[0], q[1]", "cx q[0], q[7]")
EXPECTED = {
    "submit": {202, 409},  # 409: the target is known to be away
    "refused": {422, 409},
    "replay": {202, 422},  # 422: it was deleted meanwhile
    "status": {200, 304, 404},
    "result": {200, 304, 404, 409, 410},
    "program": {200, 404},
    "list": {200},
    "cancel": {202, 404, 409},
    "delete": {204, 409},
    "rename": {200, 404, 412},
    "estimate": {200},
    "usage": {200},
    "targets": {200, 304},
}
WEIGHTS = {
    "submit": 22,
    "refused": 2,
    "replay": 6,
    "status": 26,
    "result": 14,
    "program": 2,
    "list": 8,
    "cancel": 4,
    "delete": 5,
    "rename": 2,
    "estimate": 4,
    "usage": 2,
    "targets": 3,
}
RECENT = 30  # jobs that a caller takes an interest in


class Caller(threading.Thread):
    """One caller of an owner: its own connection, its own seed; ends when `until` is over."""

    def __init__(self, owner, number, service, ledger, weather, seed, until):
        super().__init__(name=f"{owner}-{number}", daemon=True)
        self._owner, self._ledger, self._weather, self._until = owner, ledger, weather, until
        self._chance = random.Random(f"{seed}:{owner}:{number}")
        headers = {"Authorization": f"Bearer {service.token(owner, lifetime_seconds=6 * 3600)}"}
        self._api = httpx.Client(
            base_url=service.environment["QUANTUM_JOBS_URL"], headers=headers, timeout=30, trust_env=False
        )

    def run(self):
        try:
            while time.monotonic() < self._until:
                operation = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
                getattr(self, f"do_{operation}")()
                time.sleep(self._chance.uniform(0, 0.6))
        except Exception as error:
            self._ledger.blame(f"caller {self.name} broke off: {error!r}")
            raise
        finally:
            self._api.close()

    def ask(self, operation, method, path, **options):
        """Send one request; give its answer, None where there was none."""
        began, calm = time.monotonic(), self._weather.calm
        try:
            answer = self._api.request(method, path, **options)
        except httpx.TransportError:
            answer = None
        status = answer.status_code if answer is not None else 0
        calm = calm and self._weather.calm
        self._ledger.answered(operation, status, time.monotonic() - began, calm=calm)
        if status and status not in EXPECTED[operation] | OUTAGES:
            self._ledger.blame(f"{operation} {path}: {status} {answer.text[:300]}")
        return answer

    def _some(self):
        """One of the owner's latest jobs; None where there is none yet."""
        latest = self._ledger.of(self._owner)[-RECENT:]
        return self._chance.choice(latest) if latest else None

    def do_submit(self):
        offers = ((FREE, 100), (SHAKY, 100), (BROKEN, 100), (PAID, 10))
        target, shots = self._chance.choices(offers, (12, 6, 1, 2))[0]
        source = self._chance.choice((samples.BELL, samples.BELL, QAOA))
        body = {"target": target, "shots": shots, "program": {"format": "openqasm3", "source": source}}
        self._send("submit", self._ledger.sent(self._owner, str(uuid.UUID(int=self._chance.getrandbits(128))), body))

    def do_replay(self):
        promise = self._some()
        if promise is not None and not promise.deleted:
            answer = self._send("replay", promise)
            if answer is not None and answer.status_code == 422 and not promise.deleted:
                self._ledger.blame(f"replay of {promise.job_id}: {answer.text[:300]}")

    def _send(self, operation, promise):
        answer = self.ask(operation, "POST", "/jobs", json=promise.body, headers={"Idempotency-Key": promise.key})
        if answer is not None and answer.status_code == 202:
            self._ledger.accepted(promise, answer.json()["id"])
        return answer

    def do_refused(self):
        body = {"target": FREE, "shots": 10, "program": {"format": "openqasm3", "source": WRONG}}
        self.ask("refused", "POST", "/jobs", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    def do_status(self):
        self._look("status", "")

    def do_result(self):
        self._look("result", "/result")

    def do_program(self):
        self._look("program", "/program")

    def _look(self, operation, below):
        promise = self._some()
        if promise is not None:
            answer = self.ask(operation, "GET", f"/jobs/{promise.job_id}{below}")
            if answer is not None and answer.status_code == 404 and not promise.deleted:
                self._ledger.blame(f"{operation}: {promise.job_id} of {promise.owner} is not there")

    def do_list(self):
        self.ask("list", "GET", "/jobs", params={"pageSize": self._chance.choice((5, 25, 100))})

    def do_cancel(self):
        promise = self._some()
        if promise is not None:
            promise.cancelled = True
            self.ask("cancel", "POST", f"/jobs/{promise.job_id}/cancel")

    def do_delete(self):
        promise = self._some()
        if promise is not None:
            promise.deleted = True  # perhaps: from now on nothing is expected of it
            answer = self.ask("delete", "DELETE", f"/jobs/{promise.job_id}")
            if answer is not None and answer.status_code == 409:
                promise.deleted = False

    def do_rename(self):
        promise = self._some()
        if promise is not None:
            self.ask("rename", "PATCH", f"/jobs/{promise.job_id}", json={"name": f"n{self._chance.randint(0, 99)}"})

    def do_estimate(self):
        body = {"shots": 100, "program": {"format": "openqasm3", "source": samples.BELL}}
        self.ask("estimate", "POST", "/estimates", json=body)

    def do_usage(self):
        self.ask("usage", "GET", "/usage")

    def do_targets(self):
        self.ask("targets", "GET", "/targets")
