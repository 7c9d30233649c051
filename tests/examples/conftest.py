"""What tests of the hybrid examples share: a client of the local cloud, and what a command says of a mistake."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

import quantum_jobs
from examples.tight.command import run
from tests.conftest import Service


@pytest.fixture
def client(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[quantum_jobs.Client]:
    lead_to(service, monkeypatch, {})
    with quantum_jobs.connect("examples") as application:
        yield application


@pytest.fixture
def mistake(service, monkeypatch, capsys) -> Callable[..., tuple[int, str]]:
    """Run a command's main that is expected to fail; give its exit code and the line that it says."""

    def failed(main, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
        lead_to(service, monkeypatch, environment)
        with pytest.raises(SystemExit) as end:
            run(main, arguments)
        # argparse prints its line and ends with 2; a message given to exit() is printed by the interpreter, code 1.
        return (1, end.value.code) if isinstance(end.value.code, str) else (2, capsys.readouterr().err.splitlines()[-1])

    return failed


def lead_to(service: Service, monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, str]) -> None:
    """Lead this process to the local cloud."""
    for name, value in {**service.environment, **changes}.items():
        monkeypatch.setenv(name, value)
