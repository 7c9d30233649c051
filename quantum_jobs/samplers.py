"""`SamplerV2`: Qiskit's sampler primitive over a client, a session or a loop."""

from collections.abc import Iterable
from typing import Any

from qiskit.primitives import BaseSamplerV2, DataBin, PrimitiveResult, SamplerPubResult
from qiskit.primitives.containers.sampler_pub import SamplerPub, SamplerPubLike

from quantum_jobs.bit_arrays import SHOT_ORDER, bit_arrays
from quantum_jobs.circuits import circuit_program, parameter_rows
from quantum_jobs.primitive_jobs import MOST_SHOTS, PrimitiveJob, Runner, Running, Submitter, Work, facts, telling_pub
from quantum_jobs.shot_plans import split


class SamplerV2(BaseSamplerV2):
    """Samples the classical registers of circuits: one job for each PUB, with its parameter sets as items.

    `target` may be left out where the runner has one, as sessions and loops do. `seed` repeats a simulation. More than
    `max_shots` shots are asked for as several items.
    """

    def __init__(
        self,
        runner: Runner,
        target: str | None = None,
        *,
        default_shots: int = 1024,
        seed: int | None = None,
        max_shots: int = MOST_SHOTS,
    ) -> None:
        self._runner = runner
        self._target = target
        self._seed = seed
        self._max_shots = max_shots
        self.default_shots = default_shots

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> PrimitiveJob:
        """Submit all PUBs, then return; `shots` are for the PUBs that say none.

        A result has a `BitArray` for each classical register, of the shape of the PUB's parameters. Its metadata tell
        job ids, target, cost, and the shots that failed for each parameter set: the array holds as many shots as every
        set has.

        Raises:
            ValueError: a circuit that cannot be sent; nothing of the run stays submitted.
            QuantumJobsError: what the runner refuses, `ProgramInvalid` for one; nothing stays submitted.
        """
        coerced = [SamplerPub.coerce(pub, self.default_shots if shots is None else shots) for pub in pubs]
        submitter = Submitter(self._runner, self._target, self._seed)
        running = submitter.submit_all([[self._work(pub, place)] for place, pub in enumerate(coerced)])
        return PrimitiveJob(running, lambda timeout: _result(coerced, running, timeout))

    def _work(self, pub: SamplerPub, place: int) -> Work:
        with telling_pub(place):
            program = circuit_program(pub.circuit)
            sets = program.parameter_sets(parameter_rows(pub))
        return Work(program.source, sets, *split(pub.shots, self._max_shots))


def _result(pubs: list[SamplerPub], running: list[list[Running]], timeout: float | None) -> PrimitiveResult[Any]:
    results = [_pub_result(pub, work, timeout) for pub, [work] in zip(pubs, running, strict=True)]
    return PrimitiveResult(results, metadata={"version": 2})


def _pub_result(pub: SamplerPub, running: Running, timeout: float | None) -> SamplerPubResult:
    items = running.results(timeout)
    registers = {register.name: register.size for register in pub.circuit.cregs}
    metadata = {
        "shots": pub.shots,
        "failed_shots": [item.failed_shots for item in items],
        "shot_order": SHOT_ORDER,
        "circuit_metadata": pub.circuit.metadata,
        **facts([running]),
    }
    return SamplerPubResult(DataBin(**bit_arrays(items, registers, pub.shape, pub.shots), shape=pub.shape), metadata)
