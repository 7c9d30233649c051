"""The security page names tests that exist: each threat that claims a proof has it."""

import re

from .cloud import REPOSITORY

PAGE = (REPOSITORY / "docs" / "security.md").read_text()
ROWS = [line for line in PAGE.partition("## Threats")[2].splitlines() if line.startswith("| ")][1:]


def test_every_test_that_the_page_names_exists():
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert len(named) > 20
    assert {name for name in named if not (REPOSITORY / name).exists()} == set()


def test_every_threat_has_what_prevents_it_and_a_proof_or_says_that_it_was_not_verified():
    assert len(ROWS) > 20
    for row in ROWS:
        threat, prevented, shown = (cell.strip() for cell in row.strip("|").split("|"))
        assert threat, row
        assert prevented, row
        assert "tests/" in shown or "not verified" in prevented, row
