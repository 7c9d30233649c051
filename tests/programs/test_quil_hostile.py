"""Quil made to exhaust or confuse the service is refused in bounded time and memory."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.errors import ProgramInvalid
from quantum_jobs.programs import Limits, read_program
from tests.programs.test_quil_reader import faults_of

DEEP = "DECLARE ro BIT\nRX({}) 0\nMEASURE 0 ro"
HOSTILE = {
    "parentheses": DEEP.format("(" * 30_000 + "1" + ")" * 30_000),
    "calls": DEEP.format("cos(" * 15_000 + "1" + ")" * 15_000),
    "signs": DEEP.format("-" * 60_000 + "1"),
    "powers": DEEP.format("2^" * 30_000 + "1"),
    "huge-power": DEEP.format("9^9^9"),
    "overflow": DEEP.format("9e300*9e300"),
    "digits": DEEP.format("9" * 60_000),
    "qubit": "X " + "9" * 60_000,
    "register": "DECLARE ro BIT[1000000000]",
    "many-registers": "".join(f"DECLARE r{number} BIT[4000]\n" for number in range(2_000)),
    "many-parameters": "".join(f"DECLARE r{number} REAL[4000]\n" for number in range(2_000)),
    "controls": "DECLARE ro BIT\n" + "CONTROLLED " * 900 + "RY(1) " + " ".join(map(str, range(901))) + "\nMEASURE 0 ro",
    "forks": "FORKED " * 900 + "RY(1) " + " ".join(map(str, range(901))),
    "quotes": 'PRAGMA "' * 7_000,
    "backslashes": '"\\' * 30_000,
    "hyphens": "a" + "-" * 60_000,
    "words": "a-" * 30_000,
    "zeros": "\0" * 60_000,
    "labels": "DECLARE ro BIT; MEASURE 0 ro\n"
    + "".join(f"JUMP-WHEN @a{n} ro; LABEL @a{n}; " for n in range(2_000))
    + "X",
    "nested-jumps": "DECLARE ro BIT; MEASURE 0 ro\n"
    + "".join(f"JUMP-WHEN @a{n} ro; X 0; " for n in range(1_000))
    + "".join(f"LABEL @a{n}; H 0; " for n in range(999, -1, -1)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs_are_refused(name: str) -> None:
    assert faults_of(HOSTILE[name][:65_000])


PIECES = re.split(
    " ",
    'X 0 CNOT RX ( ) [ ] , ; \n DECLARE BIT REAL ro JUMP @a LABEL @a JUMP-WHEN MEASURE 1 -1 0.5 pi ^ * / % # " RESET '
    "CONTROLLED DAGGER FORKED HALT DEFGATE \t é 1e9 2i RX(0.5)",
)
PLAIN = "DECLARE ro BIT[2]\nH 0\nRX(pi/2) 1\nMEASURE 0 ro[0]\nJUMP-UNLESS @a ro[0]\nX 1\nLABEL @a\nMEASURE 1 ro[1]\n"


def check_garbled(count: int, seed: int) -> None:
    randomly = random.Random(seed)
    for _ in range(count):
        text = PLAIN
        for _ in range(randomly.choice([1, 1, 3])):
            place = randomly.randrange(len(text))
            text = f"{text[:place]} {randomly.choice(PIECES)} {text[place + randomly.randrange(6) :]}"
        try:
            program = read_program("quil", text)
        except ProgramInvalid as error:
            assert all(fault.detail and (fault.line or 0) >= 1 and (fault.column or 0) >= 1 for fault in error.faults)  # noqa: PT017
        else:
            assert program.registers


def test_garbled_text_is_read_or_refused_with_places() -> None:
    check_garbled(300, seed=1)


@pytest.mark.long
def test_text_garbled_in_many_ways_is_read_or_refused_with_places() -> None:
    check_garbled(20_000, seed=2)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(ProgramInvalid):
        read_program("quil", text)


def test_the_limits_hold_over_all_instructions() -> None:
    text = "DECLARE ro BIT\n" + "CCNOT 0 1 2\n" * 50 + "MEASURE 0 ro"
    with pytest.raises(ProgramInvalid) as raised:
        read_program("quil", text, limits=Limits(operations=100))
    assert [fault.line for fault in raised.value.faults] == [8]
