"""Shots are shared so that bounds hold at the least total."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from quantum_jobs.shot_plans import least_shots, shots_for_budget, shots_for_precision, split


@st.composite
def plans(draw: st.DrawFn):
    """Half ranges of observables (rows) in groups (columns), and the parameter sets of each group."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    weights = draw(arrays(float, (rows, columns), elements=st.just(0.0) | st.floats(0.01, 10)))
    weights[draw(st.integers(0, rows - 1))] = draw(arrays(float, columns, elements=st.floats(0.01, 10)))
    return weights, draw(st.lists(st.integers(1, 50), min_size=columns, max_size=columns))


def errors(weights, shots):
    return np.sqrt((weights**2 / shots).sum(axis=1))


@given(plans(), st.floats(0.001, 0.5))
def test_no_observables_bound_is_over_the_precision(plan, precision):
    weights, items = plan
    assert (errors(weights, shots_for_precision(weights, items, precision)) <= precision * (1 + 1e-9)).all()


@settings(max_examples=30)
@given(plans())
def test_a_general_solver_finds_no_plan_with_fewer_shots(plan):
    weights, items = plan
    ours = least_shots(weights, items)
    assert errors(weights, ours).max() <= 1 + 1e-9
    total = np.dot(items, ours)
    found = minimize(
        lambda logs: np.dot(items, np.exp(logs)) / total,
        np.log(ours),
        constraints={"type": "ineq", "fun": lambda logs: 1 - (weights**2 / np.exp(logs)).sum(axis=1)},
        method="SLSQP",
        options={"maxiter": 500},
    )
    feasible = np.exp(found.x) * errors(weights, np.exp(found.x)).max() ** 2
    assert total <= np.dot(items, feasible) * 1.0011


def test_one_observable_is_solved_in_closed_form():
    assert least_shots(np.array([[1.0, 0.5, 0.25]]), [1, 1, 1]) == pytest.approx(np.array([1, 0.5, 0.25]) * 1.75)


def test_a_group_with_more_parameter_sets_gets_fewer_shots_for_each():
    few, many = least_shots(np.array([[1.0, 1.0]]), [1, 100])
    assert few / many == pytest.approx(10)


@given(plans(), st.integers(2, 100_000))
def test_a_budget_is_not_exceeded_and_no_circuit_goes_short(plan, budget):
    weights, items = plan
    if budget < 2 * sum(items):
        with pytest.raises(ValueError, match="2 for each"):
            shots_for_budget(weights, items, budget)
        return
    shots = shots_for_budget(weights, items, budget)
    assert budget - sum(items) < np.dot(items, shots) <= budget
    assert (shots >= 2).all()


@given(plans())
def test_a_large_budget_gives_the_least_largest_error(plan):
    weights, items = plan
    shots = shots_for_budget(weights, items, 10**12)
    wanted = least_shots(weights, items)
    assert errors(weights, shots).max() == pytest.approx(
        np.sqrt(np.dot(items, wanted) / np.dot(items, shots)), rel=1e-3
    )


@given(st.integers(1, 10**7), st.integers(1, 10**5))
def test_split_shots_are_as_many_as_asked_for_and_none_over_the_most(shots, most):
    (up, repeats), (down, same) = split(shots, most), split(shots, most, up=False)
    assert repeats == same
    assert down * repeats <= shots <= up * repeats < shots + repeats
    assert up <= most
