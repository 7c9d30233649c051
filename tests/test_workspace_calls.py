"""What the workspace's adapter sends and what it makes of refusals; no workspace is needed for that."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from azure.core.exceptions import HttpResponseError

from quantum_jobs.azure_quantum import AzureQuantumWorkspace, _cancel
from quantum_jobs.errors import ServiceUnavailable
from quantum_jobs.models import WorkspaceLocation

from . import samples
from .fakes import Clock

LOCATION = WorkspaceLocation("s", "g", "w", "westus", "https://w.example")


class Untouched:
    """Stands for the package's workspace, and remembers what anybody wanted of it."""

    def __init__(self):
        self.wanted = []

    def __getattr__(self, name):
        self.wanted.append(name)
        raise AttributeError(name)


@pytest.mark.parametrize(("moment", "is_sent"), [(59.0, True), (61.0, False)])
def test_an_attempt_whose_time_to_be_sent_is_over_is_not_sent_however_late_that_is_noticed(moment, is_sent):
    async def location():
        return LOCATION

    async def work():
        clock, package = Clock(), Untouched()
        clock.time = moment
        workspace = AzureQuantumWorkspace(location, None, clock)
        workspace._connected = (LOCATION, package)
        with pytest.raises(ServiceUnavailable):
            await workspace.submit(samples.job(), "https://a/c", "https://a/i", {}, not_after=60.0)
        workspace._door.close()
        return package.wanted

    assert bool(asyncio.run(work())) == is_sent


@pytest.mark.parametrize(("status", "is_heard"), [(204, True), (400, True), (404, True), (409, True), (403, False)])
def test_a_cancel_that_the_workspace_refuses_for_good_keeps_nobody_from_following_the_job(status, is_heard):
    def refuses(*arguments):
        error = HttpResponseError("refused")
        error.status_code = status
        raise error

    names = {"subscription_id": "s", "resource_group": "g", "name": "w"}
    workspace = SimpleNamespace(_get_jobs_client=lambda: SimpleNamespace(cancel=refuses), **names)
    with contextlib.nullcontext() if is_heard else pytest.raises(HttpResponseError):
        _cancel(workspace, "a532db62-8b5a-54bf-a804-a2eea47ee790")
