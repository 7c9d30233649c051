"""An Azure Quantum program as the SDK's documentation writes one; nothing in it knows of this repository.

In Azure it needs a workspace's connection string. Here: `python -m local run -- python examples/loose/plain_sdk.py`
"""

import os

from azure.quantum import Workspace

CIRCUIT = {
    "qubits": 3,
    "circuit": [
        {"gate": "h", "target": 0},
        {"gate": "cnot", "control": 0, "target": 1},
        {"gate": "cnot", "control": 0, "target": 2},
    ],
}

workspace = Workspace.from_connection_string(os.environ["AZURE_QUANTUM_CONNECTION_STRING"])
print("Targets:", ", ".join(sorted(target.name for target in workspace.get_targets())))

target = workspace.get_targets("ionq.simulator")
job = target.submit(CIRCUIT, name="hello-world", shots=100)
print("Results:", job.get_results())
print("Status:", workspace.get_job(job.id).details.status)
