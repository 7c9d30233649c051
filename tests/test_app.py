"""What holds for the process as it is composed."""

import json
import os
import subprocess
import sys

from .cloud import REPOSITORY

VALUES = json.loads((REPOSITORY / "local.settings.json.example").read_text())["Values"]
CALL = """
import asyncio, logging
logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
from quantum_jobs.app import app
asyncio.run(app().service._records.check())
logging.info("done")
"""


def test_a_call_to_azure_writes_no_line_into_the_log_of_a_worker(service):
    environment = os.environ | service.environment | VALUES
    done = subprocess.run(
        [sys.executable, "-c", CALL], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines() == ["root done"]
