"""The specification's files in `apim/`: `python -m quantum_jobs.specifications` writes them anew."""

import json
from collections.abc import Mapping
from pathlib import Path

from quantum_jobs.gateway_openapi import gateway_specification
from quantum_jobs.openapi import specification

# The address is the gateway's; each deployment has its own host (docs/operations.md).
BASE_URL = "https://quantum-jobs.azure-api.net/quantum/v1"
FULL = "apim/openapi.json"
FOR_GATEWAY = "apim/apis/quantum-jobs/specification.json"


def files() -> Mapping[str, str]:
    """Give the text of each file by its path in the repository."""
    documents = {FULL: specification(BASE_URL), FOR_GATEWAY: gateway_specification(BASE_URL)}
    return {path: json.dumps(document, indent=2) + "\n" for path, document in documents.items()}


def write(repository: Path) -> None:
    """Write the files, and make the folders they lie in."""
    for path, text in files().items():
        file = repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    write(Path(__file__).resolve().parent.parent)
