"""Jobs, sessions and lists as the documentation of azure.quantum writes them; nothing here knows of the local cloud."""

import json
import os
from datetime import UTC, datetime, timedelta

from azure.quantum import Workspace
from azure.quantum.target import IonQ

CIRCUIT = {
    "qubits": 3,
    "circuit": [
        {"gate": "h", "target": 0},
        {"gate": "cnot", "control": 0, "target": 1},
        {"gate": "cnot", "control": 0, "target": 2},
    ],
}

workspace = Workspace.from_connection_string(os.environ["AZURE_QUANTUM_CONNECTION_STRING"])
target = workspace.get_targets("ionq.simulator")
job = target.submit(CIRCUIT, name="hello-world", shots=100)
results = job.get_results()

ionq = IonQ(workspace=workspace, name="ionq.simulator")
with ionq.open_session(name="a session") as session:
    for number in range(3):
        ionq.submit(CIRCUIT, name=f"part-{number}", shots=10).wait_until_completed(print_progress=False)
session_jobs = workspace.list_session_jobs(session.id)

now = datetime.now(tz=UTC)
yesterday, tomorrow = now - timedelta(days=1), now + timedelta(days=1)
print(
    json.dumps(
        {
            "results": results,
            "status": workspace.get_job(job.id).details.status,
            "session": workspace.get_session(session.id).details.status,
            "session_jobs": sorted(part.details.name for part in session_jobs),
            "by_name": sorted(found.details.name for found in workspace.list_jobs(name_match="part")),
            "by_status": len(workspace.list_jobs(status=["Succeeded"])),
            "failed": len(workspace.list_jobs(status=["Failed"])),
            "of_another_provider": len(workspace.list_jobs(provider=["quantinuum"])),
            "of_the_target": len(workspace.list_jobs(target=["ionq.simulator"])),
            "since_yesterday": len(workspace.list_jobs(name_match="hello", created_after=yesterday)),
            "since_tomorrow": len(workspace.list_jobs(name_match="hello", created_after=tomorrow)),
            "sessions": [found.details.name for found in workspace.list_sessions()],
            "top_level": sorted(item.details.name for item in workspace.list_top_level_items()),
            "found_target": workspace.get_targets("ionq.simulator", provider_id="ionq").name,
        }
    )
)
