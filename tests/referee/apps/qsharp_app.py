"""A Q# program compiled by the QDK and run in a workspace; nothing here knows of the local cloud."""

import json
import os

from azure.quantum import Workspace
from qdk import TargetProfile, init, qsharp

SOURCE = """
operation Teleport() : (Result, Result[]) {
    use qubits = Qubit[3];
    Ry(1.0, qubits[0]);
    H(qubits[1]);
    CNOT(qubits[1], qubits[2]);
    CNOT(qubits[0], qubits[1]);
    H(qubits[0]);
    let first = M(qubits[0]);
    let second = M(qubits[1]);
    if second == One { X(qubits[2]); }
    if first == One { Z(qubits[2]); }
    Ry(-1.0, qubits[2]);
    X(qubits[2]);
    let arrived = M(qubits[2]);
    ResetAll(qubits);
    return (arrived, [first, second]);
}
"""

workspace = Workspace.from_connection_string(os.environ["AZURE_QUANTUM_CONNECTION_STRING"])
target = workspace.get_targets("quantinuum.sim.h2-1e")
init(target_profile=TargetProfile.Adaptive_RI)
qsharp.eval(SOURCE)
job = target.submit(qsharp.compile("Teleport()"), name="teleport", shots=1000)
histogram = job.get_results_histogram()
print(
    json.dumps(
        {
            "status": job.details.status,
            "displays": {display: entry["count"] for display, entry in histogram.items()},
            "first_shot": repr(job.get_results_shots()[0]),
        }
    )
)
