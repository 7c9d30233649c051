"""The running cloud as the packages of applications find it: by the environment alone."""

import os
import tomllib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest

from local.environment import UNWANTED
from tests.cloud import REPOSITORY
from tests.conftest import Service

CATALOGUE = tomllib.loads((REPOSITORY / "local/azure_quantum/targets.toml").read_text())["providers"]
TARGETS: dict[str, dict[str, Any]] = {target["id"]: target for provider in CATALOGUE for target in provider["targets"]}
QIR_TARGETS = {name: target for name, target in TARGETS.items() if target.get("takes_qir", True)}
IDEAL = [name for name, target in QIR_TARGETS.items() if target["semantics"] == "sampled" and not target.get("noise")]
NOISY = [name for name, target in QIR_TARGETS.items() if target["semantics"] == "sampled" and target.get("noise")]
ZEROS = [name for name, target in QIR_TARGETS.items() if target["semantics"] == "zeros"]
EXPECTED = [name for name, target in QIR_TARGETS.items() if target["semantics"] == "expected"]


class Submitter:
    """Submits through the azure-quantum package."""

    @cached_property
    def _workspace(self) -> Any:
        from azure.quantum import Workspace

        return Workspace()

    def run(self, target: str, program: Any, shots: int, **options: Any) -> Any:
        """Give a job that has succeeded."""
        job = self._workspace.get_targets(target).submit(program, name="referee", shots=shots, **options)
        job.wait_until_completed(print_progress=False, timeout_secs=100)
        assert job.details.status == "Succeeded", job.details.error_data
        return job

    def run_qir(self, target: str, program: str | bytes, shots: int) -> list[tuple[Any, int]]:
        """Give outcomes with their counts."""
        formats = {"input_data_format": "qir.v1", "output_data_format": "microsoft.quantum-results.v2"}
        # Without a name the only entry point runs.
        job = self.run(target, program, shots, **formats, input_params={"entryPoint": None})
        return [(entry["outcome"], entry["count"]) for entry in job.get_results_histogram().values()]


@pytest.fixture(scope="session")
def submitter(service: Service) -> Iterator[Submitter]:
    with pytest.MonkeyPatch.context() as environment:
        for name in UNWANTED & os.environ.keys():
            environment.delenv(name)
        for name, value in service.environment.items():
            environment.setenv(name, value)
        yield Submitter()
