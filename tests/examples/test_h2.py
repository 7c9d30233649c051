"""H2: its integrals against the text book, its measurement against exact states, its curve by real jobs."""

import math
import os
import re
import subprocess
import sys
import uuid
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.tight import h2
from examples.tight import hydrogen as chemistry
from examples.tight.h2 import CHEMICAL_ACCURACY, LENGTHS, curve, on_noise
from examples.tight.hydrogen import BOHR, hydrogen
from examples.tight.vqe import (
    SHOTS,
    TILTS,
    Energy,
    Question,
    Spread,
    energy_of,
    even_only,
    lowest,
    measured,
    optimised,
    share,
    spread_of,
)
from tests.cloud import REPOSITORY

QVM = "rigetti.sim.qvm"
ANGLES = st.floats(-math.pi, math.pi)
BONDS = st.floats(0.3, 4)


# The molecule
def test_integrals_at_1_4_bohr_are_those_of_szabo_and_ostlund():
    """Modern Quantum Chemistry, section 3.5.2 and exercise 4.1; four digits are printed there."""
    centres = (0.0, 1.4)
    overlap = chemistry._contracted(chemistry._overlap, centres, 2)
    kinetic = chemistry._contracted(chemistry._kinetic, centres, 2)
    two = chemistry._contracted(chemistry._electrons, centres, 4)
    found = [overlap[0, 1], kinetic[0, 0], kinetic[0, 1], two[0, 0, 0, 0], two[0, 0, 1, 1], two[1, 0, 0, 0]]
    assert found == pytest.approx([0.6593, 0.7600, 0.2365, 0.7746, 0.5697, 0.4441], abs=6e-5)
    one, two, _ = chemistry._orbital_integrals(1.4)
    found = [one[0, 0], one[1, 1], two[0, 0, 0, 0], two[0, 0, 1, 1], two[1, 1, 1, 1], two[0, 1, 0, 1]]
    assert found == pytest.approx([-1.2528, -0.4756, 0.6746, 0.6636, 0.6975, 0.1813], abs=6e-5)
    molecule = hydrogen(1.4 * BOHR)
    assert (molecule.hartree_fock, molecule.exact) == pytest.approx((-1.1167, -1.1373), abs=6e-5)


@given(BONDS)
def test_two_qubits_keep_the_lowest_energy_of_two_electrons(length):
    """Against all sixteen states of four spin orbitals, of which those with two electrons are six."""
    one, two, repulsion = chemistry._orbital_integrals(length / BOHR)
    whole = chemistry._jordan_wigner(one, two) + repulsion * np.eye(16)
    pairs = [state for state in range(16) if state.bit_count() == 2]
    lowest_of_all = np.linalg.eigvalsh(whole[np.ix_(pairs, pairs)])[0]
    assert hydrogen(length).exact == pytest.approx(lowest_of_all, abs=1e-10)
    assert set(hydrogen(length).terms) <= {"II", "IZ", "ZI", "ZZ", "XX"}  # what Z and X of both qubits tell


def test_far_apart_two_atoms_are_left():
    atom = -0.46658185  # hartree; one electron in this basis: Szabo and Ostlund, section 3.5.2
    assert hydrogen(10).exact == pytest.approx(2 * atom, abs=1e-6)


def test_a_bond_of_no_sensible_length_is_refused():
    with pytest.raises(ValueError, match=re.escape("0.01 angstrom is not between 0.2 and 10")):
        hydrogen(0.01)


# The measurement
def outcomes(theta, tilt):
    """The exact probabilities of the program: key -> probability."""
    state = np.array([math.cos(theta / 2), 0, 0, math.sin(theta / 2)])
    turn = np.array([[math.cos(tilt / 2), -math.sin(tilt / 2)], [math.sin(tilt / 2), math.cos(tilt / 2)]])
    return {f"{number:02b}": float(amount**2) for number, amount in enumerate(np.kron(turn, turn) @ state)}


@given(BONDS, ANGLES)
def test_the_energies_of_the_outcomes_add_up_to_the_energy_of_the_state(length, theta):
    molecule = hydrogen(length)
    state = np.array([math.cos(theta / 2), 0, 0, math.sin(theta / 2)])
    found = 0.0
    for basis, tilt in TILTS.items():
        parts = {key: round(share_ * 10**9) for key, share_ in outcomes(theta, tilt).items()}
        found += spread_of(molecule, basis, parts).mean
    assert found == pytest.approx(state @ molecule.matrix.real @ state, abs=1e-7)


@given(st.floats(0.01, 2), ANGLES, st.floats(-2, 2))
def test_three_points_of_a_sine_tell_where_it_is_lowest(height, phase, middle):
    def sine(at):
        return middle + height * math.sin(at + phase)

    turn = lowest(sine(0), sine(math.pi / 2), sine(-math.pi / 2))
    assert sine(turn) == pytest.approx(middle - height, abs=1e-9)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1e-4, 1e-2))
def test_the_shots_that_are_shared_out_reach_the_error_that_is_asked_for(z, x, error):
    spreads = {"Z": Spread(0, z**2, 100), "X": Spread(0, x**2, 100)}
    sets = share([spreads], error)
    reached = sum(spread.variance / (sets[0, basis] * SHOTS) for basis, spread in spreads.items())
    assert math.sqrt(reached) <= error * (1 + 1e-9)
    assert all(count >= 1 for count in sets.values())


@given(st.permutations([0.1, 0.2, 0.4]), st.lists(st.integers(1, 3), min_size=6, max_size=6))
def test_every_outcome_goes_to_the_question_and_basis_that_asked_for_it(angles, sets):
    """A runner that answers an angle with as many shots as it is large, so that a mix-up would show."""

    class Runner:
        def run(self, source, *, shots, parameter_sets):
            return SimpleNamespace(items=[SimpleNamespace(counts=self.counts(**each)) for each in parameter_sets])

        def counts(self, theta, tilt):
            return {"00" if tilt == 0 else "11": round(theta * 10) + 1}

    questions = [Question(hydrogen(1), angle) for angle in angles]
    wanted = {(place, basis): sets[2 * place + at] for place in range(3) for at, basis in enumerate(TILTS)}
    found = measured(Runner(), questions, wanted)
    for place, (energy, _) in enumerate(found):
        z, x = (
            spread_of(questions[place].molecule, basis, {key: (round(angles[place] * 10) + 1) * wanted[place, basis]})
            for basis, key in zip(TILTS, ("00", "11"), strict=True)
        )
        assert energy == Energy.of(z, x)


def test_the_last_character_of_an_outcome_is_the_first_qubit():
    """Both qubits weigh alike in H2, so that only another observable tells."""
    uneven = chemistry.Molecule(1.0, {"ZI": 1.0, "IZ": 10.0, "XX": 100.0})
    assert [energy_of(uneven, "Z", outcome) for outcome in ("00", "01", "10", "11")] == [11, 9, -9, -11]
    assert [energy_of(uneven, "X", outcome) for outcome in ("00", "01", "10", "11")] == [100, -100, -100, 100]


def test_only_outcomes_with_both_electrons_in_one_orbital_are_even():
    assert even_only({"00": 1, "01": 2, "10": 3, "11": 4}) == {"00": 1, "11": 4}


# The real thing
def agrees(points, bound):
    """Hold every point against the exact energy; `bound` in standard errors of its own.

    The angle's own error lifts an energy by less than 0.2 mHa, a fraction of any error used here.
    """
    return all(abs(point.ideal.value - point.exact) < bound * point.ideal.error + 2e-4 for point in points)


def test_short_curve_agrees_with_the_exact_one_and_noise_lifts_it(client):
    """Three lengths, standard errors of 2 mHa. Within 5 of them: a false alarm in 500,000 runs."""
    name = uuid.uuid4().hex
    with client.loop(name, target=QVM, max_cost="0") as loop:
        points = curve(loop, (0.5, 0.7414, 2.0), error=0.002)
    assert agrees(points, 5)
    with client.loop(f"{name}-noisy", target="rigetti.qpu.cepheus-1-108q", max_cost="20") as loop:
        points = on_noise(loop, points)
        assert str(loop.spent) == "10.00 USD"
    for point in points:  # by 35 mHa or more, where a standard error is 4: eight of them
        assert point.noisy.value - point.exact > 0.012
        assert point.checked.value < point.noisy.value + 0.012


def test_energies_that_are_measured_again_scatter_by_their_standard_errors(client):
    """40 times the same state; the bounds are of chi-squared, 39 degrees of freedom: one false alarm in a million."""
    again = [Question(hydrogen(0.7414), -0.23)] * 40
    with client.loop(uuid.uuid4().hex, target=QVM) as loop:
        energies = [energy for energy, _ in measured(loop, again)]
    errors = [energy.error for energy in energies]
    assert 0.25 < np.var([energy.value for energy in energies], ddof=1) / np.mean(np.square(errors)) < 2.53


def test_a_curve_that_was_interrupted_goes_on_with_the_step_it_was_at(client):
    class InterruptedAfterAStep(Exception):
        pass

    def interrupt(_what, _text):
        raise InterruptedAfterAStep

    name, molecules = uuid.uuid4().hex, [hydrogen(0.7414)]
    with pytest.raises(InterruptedAfterAStep), client.loop(name, target=QVM) as loop:
        optimised(loop, molecules, interrupt)
    with client.loop(name, target=QVM) as loop:
        optimised(loop, molecules, lambda what, text: None)
        assert loop.replayed == 1  # the first step was paid once
        assert loop.place >= 2


def command(service, *arguments, folder=REPOSITORY, **environment):
    kept = {**os.environ, **service.environment, "PYTHONPATH": str(REPOSITORY), **environment}
    words = [sys.executable, "-m", "examples.tight.h2", *arguments]
    return subprocess.run(words, capture_output=True, text=True, env=kept, cwd=folder, check=False)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "fault"),
    [
        ([], {"KEY_VAULT_URL": ""}, 1, "`python -m local run -- COMMAND` starts a local cloud"),
        (["--target", "rigetti.sim.qmv"], {}, 1, "'rigetti.sim.qmv' is not a target"),
        (["--to", "h2.doc"], {}, 2, "'h2.doc' does not end in .png, .svg, .pdf"),
        (["--max-cost", "lots"], {}, 2, "'lots' is not an amount of money"),
        (["--error", "0"], {}, 2, "--error must lie between 0.05 and 50 mHa"),
    ],
)
def test_a_mistake_is_said_in_one_line_before_anything_is_spent(service, mistake, arguments, environment, code, fault):
    before = service.workspace_jobs()
    ended, said = mistake(h2.main, arguments, environment)
    assert (ended, said.count("\n")) == (code, 0)
    assert fault in said
    assert service.workspace_jobs() == before


def test_where_the_noisy_target_refuses_what_was_measured_without_noise_is_drawn(mistake, tmp_path):
    picture = tmp_path / "h2.png"
    given_ = ["--error", "20", "--noisy", "rigetti.qpu.cepheus-1-108q", "--max-cost", "1", "--to", str(picture)]
    assert "limits.maxCost is 1.00 USD" in mistake(h2.main, given_, {})[1]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
def test_the_whole_curve_is_within_chemical_accuracy(service, tmp_path):
    """Standard errors of 0.4 mHa. 14 points within 5 of them: a false alarm in 100,000 runs; 13 of them within 1.6 mHa:
    in 500,000."""
    done = command(service, "--fresh", "--to", str(tmp_path / "h2.png"))
    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^ +([\d.]+) +-[\d.]+ +(-[\d.]+) +([\d.]+) +-[\d.]+ +(-?[\d.]+)$", done.stdout, re.MULTILINE)
    assert [float(length) for length, *_ in rows] == list(LENGTHS)
    assert all(float(error) < 0.5 and abs(float(off)) < 5 * float(error) + 0.2 for *_, error, off in rows)
    assert sum(abs(float(off)) < CHEMICAL_ACCURACY * 1e3 for *_, off in rows) >= len(LENGTHS) - 1
    assert (tmp_path / "h2.png").read_bytes().startswith(b"\x89PNG")
