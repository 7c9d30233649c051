"""What the tests of the local cloud share: one running cloud, and settings that lead to it."""

import os
from collections.abc import Iterator

import pytest

from local.environment import UNWANTED
from tests.cloud import RunningCloud, start_cloud


@pytest.fixture(scope="session")
def running_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A cloud without the Functions host, for the whole session."""
    with start_cloud("--no-functions", "--state", str(tmp_path_factory.mktemp("state"))) as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> RunningCloud:
    """The running cloud, with this process's environment leading to it as `python -m local run` would."""
    for name in UNWANTED & os.environ.keys():
        monkeypatch.delenv(name)
    for name, value in running_cloud.environment.items():
        monkeypatch.setenv(name, value)
    return running_cloud
