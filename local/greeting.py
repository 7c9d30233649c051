"""What a user is told once the quantum workspace is up: how a program reaches it, and a first program."""

from collections.abc import Mapping

_NEEDED = (
    "HTTPS_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "AZURE_QUANTUM_CONNECTION_STRING",
    "QDK_PYTHON_TELEMETRY",
    "LOCAL_CONTROL_URL",
)
FIRST_PROGRAM = """\
from azure.quantum import Workspace
from azure.quantum.target import IonQ
circuit = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}
target = IonQ(Workspace(), name="ionq.simulator")
job = target.submit(circuit, name="bell", shots=100)
print(job.get_results())
"""


def greeting(environment: Mapping[str, str]) -> str:
    """Give the lines for a shell, and six lines of Python that then run a Bell program."""
    exports = "\n".join(f"export {name}='{environment[name]}'" for name in _NEEDED)
    return (
        f"In another terminal:\n\n{exports}\n\nThen, with the azure-quantum package:\n\n{FIRST_PROGRAM}\n"
        f"Behaviour can be changed meanwhile: PUT a script as JSON to {environment['LOCAL_CONTROL_URL']}/control/script"
    )
