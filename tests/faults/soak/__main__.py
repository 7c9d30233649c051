"""`python -m tests.faults.soak`: the soak, its figures and what was not kept. `SOAK_MINUTES` (30), `SOAK_SEED` (1)."""

import os
import sys
import tempfile

from .run import soak


def main():
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(float(os.environ.get("SOAK_MINUTES", "30")), int(os.environ.get("SOAK_SEED", "1")), folder)
    print("\n".join(outcome.report()))
    return 1 if outcome.broken else 0


sys.exit(main())
