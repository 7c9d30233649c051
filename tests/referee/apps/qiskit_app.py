"""Circuits through `azure.quantum.qiskit`, as its documentation writes them; nothing here knows of the local cloud."""

import json
import os

from azure.quantum import Workspace
from azure.quantum.qiskit import AzureQuantumProvider
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

workspace = Workspace.from_connection_string(os.environ["AZURE_QUANTUM_CONNECTION_STRING"])
provider = AzureQuantumProvider(workspace)
qubits, low, high = QuantumRegister(3, "q"), ClassicalRegister(1, "low"), ClassicalRegister(2, "high")
asymmetric = QuantumCircuit(qubits, low, high, name="asymmetric")
asymmetric.x(0)
asymmetric.h(1)
asymmetric.cx(1, 2)
asymmetric.x(2)
asymmetric.measure(0, low[0])
asymmetric.measure(1, high[0])
asymmetric.measure(2, high[1])

runs = {}
for name in ("ionq.simulator", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"):
    backend = provider.get_backend(name)
    job = backend.run(asymmetric, shots=400)
    result = job.result()
    found = backend.retrieve_job(job.job_id())
    runs[name] = {
        "counts": result.get_counts(asymmetric),
        "status": job.status().name,
        "success": result.success,
        "retrieved": found.job_id() == job.job_id(),
        "shots": len(result.get_memory(asymmetric)) if name == "rigetti.sim.qvm" else None,
    }
backends = sorted(backend.name if isinstance(backend.name, str) else backend.name() for backend in provider.backends())
print(json.dumps({"runs": runs, "backends": backends}))
