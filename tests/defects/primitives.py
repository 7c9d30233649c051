"""Qiskit's primitives: bit order, broadcasting, errors of estimates, shots."""

from . import Defect

_ESTIMATORS = "tests/primitives/test_estimators.py"
_SAMPLERS = "tests/primitives/test_samplers.py"
_CIRCUITS = "tests/primitives/test_circuits.py"
_PLANS = "tests/primitives/test_shot_plans.py"
_JOBS = "tests/primitives/test_primitive_jobs.py"

DEFECTS: dict[str, Defect] = {
    "registers of a sampler from the wrong end": (
        "bit_arrays.py",
        'list(reversed(outcome.split(" ")))',
        'outcome.split(" ")',
        _SAMPLERS,
    ),
    "bits of a sampler from the wrong end": (
        "bit_arrays.py",
        "text.zfill(width) for",
        "text[::-1].zfill(width) for",
        _SAMPLERS,
    ),
    "shots in the order of their outcomes": (
        "bit_arrays.py",
        "np.random.default_rng(seed_of(item.origin)).permutation(each)[:common]",
        "each[:common]",
        _SAMPLERS,
    ),
    "registers whose shots do not belong together": (
        "bit_arrays.py",
        "[_packed([outcome[place] for outcome in outcomes], size)[drawn] for place",
        "[_packed([outcome[place] for outcome in outcomes], size)[drawn[::1 - 2 * (place % 2)]] for place",
        _SAMPLERS,
    ),
    "a lost qubit read as an outcome": ("primitive_jobs.py", 'if "-" not in outcome}', "}", _SAMPLERS),
    "Y measured as -Y": ("observables.py", '"Y": ("sdg", "h")', '"Y": ("s", "h")', _ESTIMATORS),
    "letters of an observable from the wrong end": (
        "observables.py",
        "letter = term[-1 - qubit]",
        "letter = term[qubit]",
        _ESTIMATORS,
    ),
    "absolute deviations taken for squares": (
        "observables.py",
        "spreads = (values - means[:, None]) ** 2 @ weights",
        "spreads = abs(values - means[:, None]) @ weights",
        _ESTIMATORS,
    ),
    "errors of one shot instead of the mean": ("observables.py", "(total * (total - 1))", "(total - 1)", _ESTIMATORS),
    "a term that Z and X measure together": (
        "observables.py",
        "group_commuting(qubit_wise=True)",
        "group_commuting()",
        _ESTIMATORS,
    ),
    "observables broadcast by their numbers": (
        "estimators.py",
        "np.broadcast_to(np.arange(item.size).reshape(item.shape), pub.shape).ravel()",
        "np.resize(np.arange(item.size), pub.shape).ravel()",
        _ESTIMATORS,
    ),
    "a budget for each group": ("shot_plans.py", "left = budget -", "left = 2 * budget -", _PLANS),
    "shots in equal parts": (
        "shot_plans.py",
        "shots = np.sqrt(multipliers @ squares / cost)",
        "shots = np.ones(len(cost))",
        _PLANS,
    ),
    "two expressions taken for one": ("circuits.py", "if angle not in self._known:", "if not self._known:", _CIRCUITS),
    "a parameter's place in the wrong order": (
        "circuits.py",
        "for place, parameter in enumerate(self.parameters)}",
        "for place, parameter in enumerate(reversed(self.parameters))}",
        _CIRCUITS,
    ),
    "angles rounded to multiples of pi": (
        "circuits.py",
        "disable_constants=True",
        "disable_constants=False",
        _CIRCUITS,
    ),
    "a block of feed-forward left as it was": (
        "circuits.py",
        "[_block(block, angles) for block in operation.blocks]",
        "list(operation.blocks)",
        _CIRCUITS,
    ),
    "all jobs of a run with one seed": ("primitive_jobs.py", "int(self._seeds.integers(2**31))", "7", _JOBS),
    "jobs left running behind a refusal": (
        "primitive_jobs.py",
        "cancel(submitted)",
        "pass",
        _JOBS,
    ),
    "items that a cache takes for the same": (
        "primitive_jobs.py",
        "source, sets = numbered(work.source, ",
        "source, sets = (lambda *same: same)(work.source, ",
        _SAMPLERS,
    ),
}
