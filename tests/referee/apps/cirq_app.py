"""Circuits through `azure.quantum.cirq`, as its documentation writes them; nothing here knows of the local cloud."""

import json
import os

import cirq
from azure.quantum import Workspace
from azure.quantum.cirq import AzureQuantumService

workspace = Workspace.from_connection_string(os.environ["AZURE_QUANTUM_CONNECTION_STRING"])
service = AzureQuantumService(workspace)
first, second, third = cirq.LineQubit.range(3)
circuit = cirq.Circuit(
    cirq.X(first),
    cirq.H(second),
    cirq.CNOT(second, third),
    cirq.X(third),
    cirq.measure(first, key="one"),
    cirq.measure(second, third, key="two"),
)
runs = {}
for name in ("ionq.simulator", "rigetti.sim.qvm", "quantinuum.sim.h2-1e"):
    result = service.run(program=circuit, repetitions=400, target=name)
    runs[name] = {
        "one": {str(value): count for value, count in result.histogram(key="one").items()},
        "two": {str(value): count for value, count in result.histogram(key="two").items()},
    }
job = service.create_job(program=circuit, repetitions=100, target="ionq.simulator")
job.results()
print(
    json.dumps(
        {
            "runs": runs,
            "targets": sorted(target.name for target in service.targets()),
            "status": job.status(),
        }
    )
)
