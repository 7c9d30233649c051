import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs import targets
from quantum_jobs.errors import SettingsMissing
from quantum_jobs.money import Money
from quantum_jobs.prices import RATES, Rate, rate_card, rate_of
from quantum_jobs.programs import read_program, resources
from quantum_jobs.targets import KNOWN_TARGETS

from . import samples
from .conftest import finished, submit

QUIET = {"targets": {name: {"queue_seconds": 0} for name in RATES}}
SWEEP = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float t;\nqubit[3] q;\nbit[3] c;\n'
    "rx(t) q[0];\nccx q[0], q[1], q[2];\ncp(t) q[0], q[1];\nc = measure q;\n"
)
FEED_FORWARD = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q[0];\nc[0] = measure q[0];\n'
    "if (c[0]) { x q[1]; } else { z q[1]; swap q[0], q[1]; }\nreset q[0];\nc[1] = measure q[1];\n"
)
BELL = resources(read_program("openqasm3", samples.BELL))  # one gate on one qubit, one on two, two measurements


@pytest.fixture(scope="module")
def priced(service):
    """A caller of the running service whose jobs do not wait in the providers' queues."""
    service.script(QUIET)
    with service.api("bob") as api:
        yield api
    service.script({})


def costs(api, **changes):
    job = finished(api, submit(api, **changes))
    return job["cost"]["estimate"], job["cost"]["actual"]


@pytest.mark.parametrize("target", sorted(RATES))
def test_the_estimate_is_what_the_workspace_bills(priced, target):
    estimate, actual = costs(priced, target=target, shots=70)
    assert estimate == actual
    assert float(actual["amount"]) > 0


@pytest.mark.parametrize("target", ["ionq.qpu.aria-1", "quantinuum.sim.h2-1e", "rigetti.qpu.cepheus-1-108q"])
def test_the_estimate_of_a_sweep_is_what_the_workspace_bills(priced, target):
    sweep = {
        "target": target,
        "shots": 30,
        "program": {"format": "openqasm3", "source": SWEEP},
        "parameterSets": [{"t": value} for value in (0.1, 0.2, 0.3)],
    }
    estimate, actual = costs(priced, **sweep)
    assert estimate == actual


def test_both_arms_of_a_branch_are_priced_as_the_workspace_bills_them(priced):
    program = {"format": "openqasm3", "source": FEED_FORWARD}
    estimate, actual = costs(priced, target="quantinuum.sim.h2-1e", shots=20, program=program)
    assert estimate == actual


def test_every_machine_that_is_offered_has_a_price_and_no_price_is_for_an_unknown_target():
    machines = {name for name, known in KNOWN_TARGETS.items() if known.kind == "qpu"}
    assert machines <= RATES.keys() <= KNOWN_TARGETS.keys()
    assert not any(RATES[name].free for name in machines)


@given(st.integers(1, 10_000))
def test_syntax_checkers_are_free(shots):
    for name, known in KNOWN_TARGETS.items():
        if known.kind == "syntax-checker":
            assert rate_of(name, RATES).price([BELL], shots, 1.0) == Money()


def test_ionq_bills_gates_by_shot():
    rate = Rate(gate_1q_shot=0.0002, gate_2q_shot=0.001)
    assert rate.price([BELL], 1_000, 99.0).amount == "1.20"


def test_quantinuum_bills_five_credits_and_a_five_thousandth_of_each_weighted_gate():
    # 5 + 100 x (1 + 10 x 1 + 5 x 2) / 5,000 credits of 10 dollars.
    assert Rate(credit=10.0).price([BELL], 100, 99.0).amount == "54.20"


def test_rigetti_bills_seconds_however_many_gates():
    assert Rate(second=2.0).price([BELL] * 3, 100, 5.0).amount == "10.00"


def test_each_item_of_a_sweep_costs_at_least_the_minimum():
    rate = Rate(gate_1q_shot=0.0002, gate_2q_shot=0.001, minimum=1.0)
    assert rate.price([BELL], 10, 0.0).amount == "1.00"
    assert rate.price([BELL] * 3, 10, 0.0).amount == "3.00"
    assert rate.price([BELL] * 3, 1_000, 0.0).amount == "3.60"


def test_the_credits_that_a_job_starts_with_are_paid_once():
    one, three = (Rate(credit=1.0).price([BELL] * items, 100, 0.0).micros for items in (1, 3))
    assert three - one == 2 * (one - 5_000_000)


@given(st.sampled_from(sorted(RATES)), st.integers(1, 5_000), st.integers(1, 5))
def test_more_shots_or_items_never_cost_less(name, shots, items):
    target = samples.target(id=name)

    def price(shots, items):
        return RATES[name].price([BELL] * items, shots, targets.run_seconds(target, shots, items)).micros

    assert price(shots, items) <= price(shots + 1, items)
    assert price(shots, items) <= price(shots, items + 1)


def test_a_target_on_no_card_is_free():
    assert rate_of("ionq.simulator", RATES).free


def test_the_setting_changes_single_targets_of_the_card():
    card = rate_card('{"ionq.qpu.aria-1": {"minimum": 12.5, "currency": "USD"}}')
    assert card["ionq.qpu.aria-1"] == Rate(minimum=12.5)
    assert card["ionq.qpu.forte-1"] == RATES["ionq.qpu.forte-1"]
    assert rate_card("") == RATES


@pytest.mark.parametrize("text", ["{", "[]", '{"a": {"gold": 1}}', '{"a": 3}'])
def test_a_card_of_another_form_is_refused_at_start(text):
    with pytest.raises(SettingsMissing, match="RATE_CARD"):
        rate_card(text)


def test_callers_see_the_prices_that_are_not_zero():
    assert RATES["ionq.qpu.aria-1"].document()["unitPrices"] == {"gate1qShot": "0.0002", "gate2qShot": "0.001"}
    assert rate_of("ionq.simulator", RATES).document() | {"basis": ""} == {
        "currency": "USD",
        "free": True,
        "basis": "",
        "unitPrices": {},
    }
