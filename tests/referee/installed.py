"""Import this first: without the referee a module of tests is skipped, and says why."""

import pytest

pytest.importorskip("qiskit_aer", reason="the referee is not installed here: `make test-long` does it")
LONG = pytest.mark.long
