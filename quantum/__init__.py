"""The team's quantum programs, and the command that holds each to its budget: `python -m quantum`."""

import os

# qdk reports its use to Microsoft unless this is said before its first import.
os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")
