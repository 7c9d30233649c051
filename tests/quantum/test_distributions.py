"""The statistical tests alarm falsely as often as they say, and notice what is wrong."""

import numpy as np
import pytest
from scipy.stats import binom

from quantum.catalogue import FOLDER, Success, read_catalogue
from quantum.distributions import check_distribution, check_success
from quantum.errors import Failed

PROGRAMS = read_catalogue(FOLDER / "budgets.json").programs
SHOTS = 2000
RATE = 0.05
SAMPLES = 400


def samples(distribution: dict[str, float], times: int, shots: int = SHOTS):
    random = np.random.default_rng(7)
    for drawn in random.multinomial(shots, list(distribution.values()), size=times):
        yield dict(zip(distribution, map(int, drawn), strict=True))


def refused(check, *arguments) -> bool:
    try:
        check(*arguments)
    except Failed:
        return True
    return False


@pytest.mark.parametrize("name", [name for name, program in PROGRAMS.items() if len(program.distribution) > 1])
def test_right_programs_fail_as_often_as_stated(name):
    expected = PROGRAMS[name].distribution
    alarms = sum(refused(check_distribution, counts, expected, RATE) for counts in samples(expected, SAMPLES))
    least, most = binom.ppf([1e-6, 1 - 1e-6], SAMPLES, RATE)
    assert least <= alarms <= most


def test_a_success_rate_at_its_promise_fails_no_more_often_than_stated():
    success = Success(outcomes=["1"], at_least=0.9)
    alarms = sum(refused(check_success, counts, success, RATE) for counts in samples({"1": 0.9, "0": 0.1}, SAMPLES))
    assert alarms <= binom.ppf(1 - 1e-6, SAMPLES, RATE)


def test_a_bell_pair_with_a_phase_that_became_a_bias_is_noticed_at_the_rate_of_a_pipeline():
    counts = next(samples({"00": 0.58, "11": 0.42}, 1))
    with pytest.raises(Failed, match=r"p = .*Farthest off is (00|11)"):
        check_distribution(counts, {"00": 0.5, "11": 0.5}, 1e-7)


def test_one_impossible_outcome_is_enough():
    with pytest.raises(Failed, match="1 times 01, which cannot come"):
        check_distribution({"00": 999, "11": 1000, "01": 1}, {"00": 0.5, "11": 0.5}, 1e-7)


def test_a_certain_outcome_that_fails_once_breaks_its_promise():
    with pytest.raises(Failed, match="success in 1999 of 2000 shots"):
        check_success({"1": 1999, "0": 1}, Success(outcomes=["1"], at_least=1), 1e-7)


def test_a_program_that_reports_another_number_of_bits_is_told_so():
    with pytest.raises(Failed, match=r"reports 1 bits, budgets\.json says 2"):
        check_success({"0": 1000, "1": 1000}, Success(outcomes=["00", "11"], at_least=1), 1e-7)


def test_bits_in_the_wrong_order_are_noticed():
    expected = PROGRAMS["vqe_ansatz"].distribution
    counts = {outcome[::-1]: count for outcome, count in next(samples(expected, 1)).items()}
    with pytest.raises(Failed):
        check_distribution(counts, expected, 1e-7)
