"""The programs do what the catalogue says; wrong ones are refused with their place."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from quantum.catalogue import FOLDER, Assumptions, Budget, read_catalogue
from quantum.compiling import compiled
from quantum.errors import Failed
from quantum.estimating import Estimate, check_budget, difference, estimated
from quantum.simulating import simulated
from quantum_jobs.programs import Gate, read_program

CATALOGUE = read_catalogue(FOLDER / "budgets.json")
PROGRAMS = CATALOGUE.programs
GATES = {"h": np.array([[1, 1], [1, -1]]) / math.sqrt(2), "x": np.array([[0, 1], [1, 0]])}
PAULI = {"rx": GATES["x"], "ry": np.array([[0, -1j], [1j, 0]]), "rz": np.diag([1, -1])}


def exact(source: str) -> dict[str, float]:
    """Multiply an OpenQASM program out, with nothing of the simulators; q[0] is c[0] and has weight 1."""
    program = read_program("openqasm3", source)
    index = np.arange(2**program.qubits)
    state = (index == 0).astype(complex)
    for gate in (item for item in program.operations if isinstance(item, Gate)):
        bit = 1 << gate.qubits[-1]
        if gate.name == "cx":
            state = state[np.where(index & (1 << gate.qubits[0]), index ^ bit, index)]
            continue
        matrix = GATES.get(gate.name)
        if matrix is None:
            half = gate.angles[0] / 2
            matrix = math.cos(half) * np.eye(2) - 1j * math.sin(half) * PAULI[gate.name]
        side = (index & bit > 0).astype(int)
        state = matrix[side, side] * state + matrix[side, 1 - side] * state[index ^ bit]
    return {format(k, f"0{program.qubits}b"): abs(amplitude) ** 2 for k, amplitude in enumerate(state)}


@pytest.mark.parametrize("name", ["qaoa_layer", "vqe_ansatz"])
def test_stated_distributions_are_those_of_the_circuit_multiplied_out(name):
    found = {outcome: value for outcome, value in exact((FOLDER / PROGRAMS[name].file).read_text()).items() if value}
    assert found == pytest.approx(PROGRAMS[name].distribution, abs=1e-11)


def test_the_best_angles_of_a_layer_cut_three_quarters_of_the_ring():
    def cut(outcome: str) -> int:
        return sum(outcome[k] != outcome[k - 1] for k in range(len(outcome)))

    found = PROGRAMS["qaoa_layer"].distribution
    assert math.fsum(cut(outcome) * value for outcome, value in found.items()) == pytest.approx(3)


def test_a_search_of_eight_finds_with_the_probability_of_theory():
    assert PROGRAMS["grover"].distribution["101"] == pytest.approx(math.sin(5 * math.asin(1 / math.sqrt(8))) ** 2)


@pytest.mark.parametrize(("name", "profile"), [("grover", "adaptive"), ("qft", "base")])
def test_compiling_twice_gives_the_same_text(name, profile):
    assert compiled(FOLDER, PROGRAMS[name], profile) == compiled(FOLDER, PROGRAMS[name], profile)


def test_the_same_seed_gives_the_same_counts_and_another_gives_others():
    text = compiled(FOLDER, PROGRAMS["qaoa_layer"], "base")
    assert simulated(text, 500, 3) == simulated(text, 500, 3) != simulated(text, 500, 4)


def spoilt(folder: Path, name: str, right: str, wrong: str) -> Path:
    shutil.copytree(FOLDER / "programs", folder / "programs")
    file = folder / PROGRAMS[name].file
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, wrong, 1))
    return folder


@pytest.mark.parametrize(
    ("name", "right", "wrong", "message"),
    [
        ("bell", "CNOT(", "CNOTT(", r"(?s)bell.qs for base: .*Qdk.Qsc.Resolve.NotFound.*programs/bell.qs:8:9"),
        ("qft", "cp(-pi / 4)", "cpp(-pi / 4)", r"qft.qasm: .*Line 19, column 1: gate 'cpp' is not defined"),
        ("qft", "q[2], q[0];", "q[3], q[0];", r"qft.qasm: .*Line 19"),
    ],
)
def test_what_does_not_compile_is_told_with_its_place(tmp_path, name, right, wrong, message):
    with pytest.raises(Failed, match=message):
        compiled(spoilt(tmp_path, name, right, wrong), PROGRAMS[name], "base")


def test_a_program_that_branches_does_not_compile_for_the_base_profile(tmp_path):
    with pytest.raises(Failed, match="UseOfDynamicBool"):
        compiled(FOLDER, PROGRAMS["phase_estimation"], "base")
    folder = spoilt(tmp_path, "qft", "c = measure q;", "c = measure q; if (c[0]) { x q[1]; } c[1] = measure q[1];")
    with pytest.raises(Failed, match="takes the adaptive profile"):
        compiled(folder, PROGRAMS["qft"], "base")


def test_budgets_leave_at_most_a_tenth_of_room():
    for name, program in PROGRAMS.items():
        ways, _ = estimated(FOLDER, name, program, CATALOGUE.assumptions)
        way = check_budget(ways, program.budget)
        assert program.budget.qubits <= 1.1 * way.qubits, name
        assert program.budget.t_states <= 1.1 * way.t_states, name
        assert program.budget.runtime_ns <= 1.1 * way.runtime_ns, name


def test_a_machine_that_is_too_noisy_is_told_not_guessed():
    noisy = Assumptions(error_rate=0.4, gate_ns=50, measurement_ns=100, max_error=0.01)
    with pytest.raises(Failed, match="no way to run it with an error of at most"):
        estimated(FOLDER, "grover", PROGRAMS["grover"], noisy)


def test_an_entry_that_is_not_in_the_file_is_told_not_raised():
    lost = PROGRAMS["bell"].model_copy(update={"entry": "Programs.Bel()"})
    with pytest.raises(Failed, match=r"(?s)bell\.qs cannot be estimated: .*Programs\.Bel. not found"):
        estimated(FOLDER, "bell", lost, CATALOGUE.assumptions)


SMALL, FAST = Estimate(100, 10, 2000, 0.001), Estimate(200, 10, 1000, 0.001)


def test_a_budget_is_kept_by_one_way_as_a_whole_not_by_the_best_of_each():
    assert check_budget([SMALL, FAST], Budget(qubits=250, t_states=10, runtime_ns=1500)) is FAST
    with pytest.raises(Failed, match=r"over budget: 2,000 ns, 33\.3% over 1,500"):
        check_budget([SMALL, FAST], Budget(qubits=150, t_states=10, runtime_ns=1500))


def test_a_difference_is_told_in_percent_of_the_baseline():
    budget = Budget(qubits=300, t_states=20, runtime_ns=5000)
    assert difference(Estimate(110, 10, 1000, 0.1), [SMALL], budget) == "+10.0% physical qubits, -50.0% ns"
    assert difference(SMALL, [SMALL], budget) == "as the baseline"
    assert difference(SMALL, None, budget) == "no baseline"
