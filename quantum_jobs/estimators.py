"""`EstimatorV2`: Qiskit's estimator primitive over a client, a session or a loop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BaseEstimatorV2, DataBin, PrimitiveResult, PubResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub, EstimatorPubLike

from quantum_jobs.circuits import circuit_program, parameter_rows
from quantum_jobs.observables import Group, groups_of
from quantum_jobs.primitive_jobs import MOST_SHOTS, PrimitiveJob, Runner, Running, Submitter, Work, facts, telling_pub
from quantum_jobs.shot_plans import shots_for_budget, shots_for_precision, split

type Numbers = NDArray[np.float64]
type Places = NDArray[np.int64]


class EstimatorV2(BaseEstimatorV2):
    """Estimates expectation values: a job for each group of a PUB's terms that commute qubit by qubit.

    Shots follow from the precision: every standard error stays within it whatever the state is, with the fewest shots.
    `shots` is the other way: so many for each parameter set, over all groups, shared for the least largest error; a
    precision given with a run or a PUB goes before. `target` may be left out where the runner has one. `seed` repeats a
    simulation. More than `max_shots` shots are asked for as several items.
    """

    def __init__(
        self,
        runner: Runner,
        target: str | None = None,
        *,
        default_precision: float = 1 / 64,
        shots: int | None = None,
        seed: int | None = None,
        max_shots: int = MOST_SHOTS,
    ) -> None:
        self._runner = runner
        self._target = target
        self._seed = seed
        self._max_shots = max_shots
        self.default_precision = default_precision
        self.shots = shots

    def run(self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None) -> PrimitiveJob:
        """Submit the jobs of all PUBs, then return.

        A result has `evs` and `stds` of the shape of observables and parameters broadcast together; `stds` are standard
        errors, seen in the shots, with the covariances of terms that share shots. Metadata tell shots, groups, the
        circuits that grouping saved, job ids, target and cost.

        Raises:
            ValueError: a circuit that cannot be sent, a precision that is not above 0, a budget that is too small;
                nothing of the run stays submitted.
            QuantumJobsError: what the runner refuses; nothing stays submitted.
        """
        if precision is None and self.shots is None:
            precision = self.default_precision
        plans = [self._plan(EstimatorPub.coerce(pub, precision), place) for place, pub in enumerate(pubs)]
        submitter = Submitter(self._runner, self._target, self._seed)
        running = submitter.submit_all([plan.works for plan in plans])
        return PrimitiveJob(running, lambda timeout: _result(plans, running, timeout))

    def _plan(self, pub: EstimatorPub, place: int) -> "_Plan":
        with telling_pub(place):
            if pub.precision is not None and pub.precision <= 0:
                raise ValueError(f"precision {pub.precision}: counted shots give none but one above 0")
            return _planned(pub, None if pub.precision is not None else self.shots, self._max_shots)


@dataclass(frozen=True)
class _Plan:
    """What is measured for a PUB; all its elements are numbered in one line, as numpy ravels them.

    `observable` and `parameters` give the observable and the parameter set of each element; `sets` the parameter sets
    that each group is run with.
    """

    pub: EstimatorPub
    constants: Numbers
    groups: Sequence[Group]
    observable: Places
    parameters: Places
    sets: Sequence[Places]
    works: Sequence[Work]


def _planned(pub: EstimatorPub, budget: int | None, most: int) -> _Plan:
    observables = pub.observables.ravel().tolist() if pub.observables.size else []
    constants, groups = groups_of(observables)
    observable, parameters = (
        np.broadcast_to(np.arange(item.size).reshape(item.shape), pub.shape).ravel()
        for item in (pub.observables, pub.parameter_values)
    )
    sets = [np.unique(parameters[group.coefficients.any(axis=1)[observable]]) for group in groups]
    measured = [(group, rows) for group, rows in zip(groups, sets, strict=True) if len(rows)]
    works = _works(pub, measured, budget, most) if measured else []
    groups, sets = [group for group, _ in measured], [rows for _, rows in measured]
    return _Plan(pub, constants, groups, observable, parameters, sets, works)


def _works(pub: EstimatorPub, measured: Sequence[tuple[Group, Places]], budget: int | None, most: int) -> list[Work]:
    half_ranges = np.stack([group.half_ranges for group, _ in measured], axis=1)
    items = [len(rows) for _, rows in measured]
    if budget is None:
        shots = shots_for_precision(half_ranges, items, pub.precision)
    else:
        shots = shots_for_budget(half_ranges, items, budget * len(np.unique(np.concatenate([r for _, r in measured]))))
    program = circuit_program(pub.circuit, {qubit for group, _ in measured for qubit in group.qubits})
    values = parameter_rows(pub)
    register = program.free_name("meas")
    return [
        Work(
            program.with_lines(group.lines(program.qubits, register)),
            program.parameter_sets(values[rows]),
            *split(int(count), most, up=budget is None),
        )
        for (group, rows), count in zip(measured, shots, strict=True)
    ]


def _result(plans: Sequence[_Plan], running: Sequence[list[Running]], timeout: float | None) -> PrimitiveResult[Any]:
    results = [_pub_result(plan, works, timeout) for plan, works in zip(plans, running, strict=True)]
    return PrimitiveResult(results, metadata={"version": 2})


def _pub_result(plan: _Plan, running: list[Running], timeout: float | None) -> PubResult:
    values, variances = plan.constants[plan.observable], np.zeros(len(plan.observable))
    failed = 0
    for group, sets, work in zip(plan.groups, plan.sets, running, strict=True):
        for row, item in zip(sets, work.results(timeout), strict=True):
            if not item.shots:
                raise ValueError(f"no shot of parameter set {row} in basis {group.basis} came to an outcome")
            elements = np.flatnonzero(plan.parameters == row)
            means, squares = group.moments(item.counts, plan.observable[elements])
            values[elements] += means
            variances[elements] += squares
            failed += item.failed_shots
    shape = plan.pub.shape
    data = DataBin(evs=values.reshape(shape), stds=np.sqrt(variances).reshape(shape), shape=shape)
    return PubResult(data, {**_metadata(plan), "failed_shots": failed, **facts(running)})


def _metadata(plan: _Plan) -> dict[str, Any]:
    """Say what was measured: `circuits_saved` are those that measuring each term by itself would need in addition."""
    return {
        "target_precision": plan.pub.precision,
        "shots": sum(work.shots * work.repeats * len(work.parameter_sets) for work in plan.works),
        "groups": [
            {"basis": group.basis, "terms": list(group.terms), "shots": work.shots * work.repeats, "sets": len(sets)}
            for group, work, sets in zip(plan.groups, plan.works, plan.sets, strict=True)
        ],
        "circuits": sum(len(sets) for sets in plan.sets),
        "circuits_saved": sum(
            (len(group.terms) - 1) * len(sets) for group, sets in zip(plan.groups, plan.sets, strict=True)
        ),
        "circuit_metadata": plan.pub.circuit.metadata,
    }
