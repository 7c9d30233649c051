"""Terms come together in groups that one measured circuit serves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.observables import BASIS_OF, groups_of


@st.composite
def sums(draw: st.DrawFn):
    width = draw(st.integers(1, 5))
    label = st.text("IXYZ01+-rl", min_size=width, max_size=width)
    return draw(st.lists(st.dictionaries(label, st.floats(-2, 2).filter(bool), min_size=1, max_size=8), max_size=4))


@given(sums())
def test_every_term_is_in_one_group_whose_basis_serves_it_and_keeps_its_coefficients(observables):
    constants, groups = groups_of(observables)
    for place, observable in enumerate(observables):
        found = {}
        for group in groups:
            weights = dict(zip(group.terms, group.coefficients[place], strict=True))
            assert not found.keys() & {term for term, weight in weights.items() if weight}
            found |= {term: weight for term, weight in weights.items() if weight}
        identity = "I" * len(next(iter(observable)))
        assert constants[place] == observable.get(identity, 0)
        assert found == {term: weight for term, weight in observable.items() if term != identity}
    for group in groups:
        for term in group.terms:
            assert all(BASIS_OF[one] in {"I", basis} for one, basis in zip(term, group.basis, strict=True))


@given(sums())
def test_there_are_never_more_groups_than_bases(observables):
    _, groups = groups_of(observables)
    bases = {"".join(BASIS_OF[letter] for letter in term) for item in observables for term in item}
    assert len(groups) <= len(bases)


def test_a_basis_between_others_joins_them():
    _, groups = groups_of([dict.fromkeys(["XII", "IYI", "IIZ", "XYZ", "+YI", "ZII"], 1.0)])
    assert sorted(group.basis for group in groups) in (["XYZ", "ZII"], ["XYZ", "ZYZ"], ["XYZ", "ZYI"], ["XYZ", "ZIZ"])


def test_the_error_of_one_shot_is_not_known():
    _, [group] = groups_of([{"Z": 1.0}])
    means, squares = group.moments({"1": 1}, np.array([0]))
    assert means == [-1]
    assert np.isnan(squares).all()
