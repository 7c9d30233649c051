"""An application's loop dies after any of its steps and is started again: it ends as if nothing had been, paid once."""

import random

import pytest

from quantum_jobs import clock, submitting
from quantum_jobs.async_client import AsyncClient, Parts
from quantum_jobs.errors import QuantumJobsError
from quantum_jobs.models import Target
from quantum_jobs.prices import RATES
from quantum_jobs.process_queue import ProcessQueue
from quantum_jobs.programs import read_program, resources
from quantum_jobs.service import JobService
from quantum_jobs.throttles import Pace, Throttle
from tests import samples
from tests.fakes import FakeRecords, Faults
from tests.test_checkpoints import FakeStorage
from tests.test_client import Blobs, Workspace

from .machine import Process, VirtualClock, virtual_datetime

MACHINE = Target("ionq.qpu.aria-1", "ionq", "qpu", 25, 1, 10_000, "base", "Available", 3)
SHOTS = (100, 101, 102, 110, 111)
FEW, DEATHS = 40, 300


class World:
    """What outlives the application: storage and workspace, and whatever it has paid."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> None:
        self.clock = VirtualClock()
        self.chance = random.Random(seed)
        self.wild = False
        monkeypatch.setattr(clock, "datetime", virtual_datetime(self.clock))
        faults = Faults()
        self.records, self.blobs, self.storage = FakeRecords(faults), Blobs(faults), FakeStorage()
        self.workspace = Workspace(faults, self.blobs)
        self.workspace.offer = (MACHINE,)
        self.trace: list[str] = []

    def client(self, workspace, records, blobs, storage) -> AsyncClient:
        queue = ProcessQueue()
        service = JobService(workspace, records, blobs, queue)
        queue.deliver_to(service.shepherd.advance, service.shepherd.revive)
        return AsyncClient(
            Parts(
                service=service,
                queue=queue,
                blobs=blobs,
                sessions=None,  # type: ignore[arg-type]
                caller=samples.ALICE,
                throttle=Throttle(Pace(unfinished=2)),
                close=lambda: None,
                checkpoints=storage,
            )
        )

    def life(self, most_steps: int | None) -> tuple[list[int] | None, int]:
        """Run the application until it ends, or dies after so many steps; gives what it found, and its steps."""
        ports = (self.workspace, self.records, self.blobs, self.storage)
        process = Process(1, self.clock, self.trace, self.client, ports, lambda: 0, self._fault)
        task = process.loop.create_task(application(process.service))
        steps = 0
        try:
            while not task.done():
                if process.can_step():
                    if steps == most_steps:
                        process.die()
                        return None, steps
                    process.loop.step()
                    steps += 1
                else:
                    self.clock.seconds = process.next_moment()
            return task.result(), steps
        except QuantumJobsError:
            return None, steps  # an application that does not catch it has died as well
        finally:
            process.clear()

    def _fault(self, _name: str) -> bool:
        return self.wild and self.chance.random() < 0.01

    def lives(self, deaths: list[int]) -> list[int]:
        """Start the application again until it ends by itself."""
        for steps in deaths:
            found, _ = self.life(steps)
            if found is not None:
                return found
        self.wild = False
        found, _ = self.life(None)
        assert found is not None
        return found

    def check(self, found: list[int]) -> None:
        assert found == [100] * len(SHOTS)
        assert len(set(self.workspace.puts)) == len(SHOTS), "a job was doubled"
        takes = [resources(read_program("openqasm3", samples.BELL))]
        price = sum(submitting.price(MACHINE, shots, takes, RATES).micros for shots in SHOTS)
        (account,) = self.records.accounts.values()
        assert (account.sums(None)) == (price, 0), "the account does not add up"


async def application(client: AsyncClient) -> list[int]:
    """Three jobs one after the other, then two at once; no `with`, because who is killed leaves none."""
    loop = await client.loop("tune", target=MACHINE.id, max_cost="500.00").__aenter__()
    found = [(await loop.run(samples.BELL, shots=shots)).counts["00"] for shots in SHOTS[:3]]
    jobs = [await loop.submit(samples.BELL, shots=shots) for shots in SHOTS[3:]]
    return found + [(await job.result()).counts["00"] for job in reversed(jobs)]


def points(monkeypatch: pytest.MonkeyPatch, most: int | None) -> int:
    world = World(monkeypatch)
    found, steps = world.life(None)
    world.check(found or [])
    places = range(1, steps, 1 if most is None else 1 + steps // most)
    for place in places:
        world = World(monkeypatch)
        world.check(world.lives([place]))
    return len(places)


def test_a_loop_that_dies_at_a_step_ends_as_if_it_had_not(monkeypatch):
    assert points(monkeypatch, FEW) > FEW // 2


@pytest.mark.long
def test_a_loop_that_dies_at_any_step_ends_as_if_it_had_not(monkeypatch):
    assert points(monkeypatch, None) > 200


@pytest.mark.long
def test_a_loop_may_die_many_times_while_calls_fail(monkeypatch):
    for seed in range(DEATHS):
        world = World(monkeypatch, seed)
        world.wild = True
        world.check(world.lives([world.chance.randrange(1, 400) for _ in range(5)]))
