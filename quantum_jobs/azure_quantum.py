"""The Azure Quantum workspace, through the azure-quantum package: targets, submit, status."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from quantum_jobs import retries
from quantum_jobs.border import CONNECT_SECONDS, READ_SECONDS, Door
from quantum_jobs.breaker import Breaker
from quantum_jobs.clock import timestamp
from quantum_jobs.errors import ProviderRefused, ServiceUnavailable
from quantum_jobs.models import Job, ProviderJob, Target, WorkspaceLocation
from quantum_jobs.money import CURRENCY, Money
from quantum_jobs.programs import entry_points
from quantum_jobs.provider_health import ProviderHealth
from quantum_jobs.targets import offered

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import HttpResponseError
    from azure.quantum import Workspace

log = logging.getLogger(__name__)

INPUT_FORMAT = "qir.v1"
OUTPUT_FORMAT = "microsoft.quantum-results.v2"
_RETRY_SECONDS = 5
_DOUBTFUL_SECONDS = 2
# Refused for good. 401 and 403 are not among them: they say that our own rights are wrong, which an operator can mend.
_FINAL_STATUSES = frozenset({400, 404, 405, 413, 415, 422})


class AzureQuantumWorkspace:
    """The workspace that Key Vault names, reached with the service's identity."""

    def __init__(
        self,
        location: Callable[[], Awaitable[WorkspaceLocation]],
        credential: TokenCredential,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._location = location
        self._credential = credential
        self._clock = clock
        self._door = Door("The quantum workspace")
        self._breaker = Breaker(clock=clock)
        self._providers = ProviderHealth(clock)
        self._connected: tuple[WorkspaceLocation, Workspace] | None = None
        self._connecting = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._targets: Sequence[Target] = ()
        self._listed_at = self._tried_at = -math.inf  # begin of the last answered list, end of the last try
        self._doubtful = False

    async def located(self) -> None:
        """Make sure that it is known which workspace to use.

        Raises:
            ServiceUnavailable: the vault does not answer and never has.
        """
        await self._location()

    async def targets(self, most_seconds: float) -> Sequence[Target]:
        """Give the targets that the workspace has and the service knows, as they were at most so many seconds ago.

        Older while the workspace does not answer, and unavailable once that is sure; so are those of a provider that is
        not well. However many ask, the workspace is asked by one of them and the others wait, unless it is given up.

        Raises:
            ServiceUnavailable: the workspace or the vault does not answer and never has.
        """
        if self._due(most_seconds) and (self._breaker.closed or not self._listing.locked()):
            async with self._listing:
                if self._due(most_seconds):
                    await self._list()
        return [self._shown(target) for target in self._targets]

    def _shown(self, target: Target) -> Target:
        back = self._providers.seconds_left(target.provider)
        if not self._breaker.closed:
            back = max(back, self._breaker.seconds_left, 1.0)
        if not back:
            return target
        return replace(target, availability="Unavailable", back_seconds=math.ceil(back))

    def _due(self, most_seconds: float) -> bool:
        most_seconds = min(most_seconds, _DOUBTFUL_SECONDS) if self._doubtful else most_seconds
        moment = self._clock()
        return moment - self._listed_at > most_seconds and moment - self._tried_at > min(most_seconds, _RETRY_SECONDS)

    async def _list(self) -> None:
        began = self._clock()
        try:
            workspace = await self._workspace()
            self._targets = await self._ask(lambda: _list_targets(workspace))
        except ServiceUnavailable:
            if self._listed_at == -math.inf:
                raise
            # A job for a target that was there a moment ago is made durable; the shepherd sends it when it can.
            log.warning("the list of targets could not be renewed", exc_info=True)
        else:
            self._listed_at, self._doubtful = began, False
        self._tried_at = self._clock()

    async def submit(
        self, job: Job, container_uri: str, input_uri: str, provider_options: Mapping[str, Any], not_after: float
    ) -> None:
        """Make the job's present attempt; when it is there already, nothing happens.

        Nothing is sent after the moment `not_after` of the clock: the job may have been cancelled since.

        Raises:
            ProviderRefused: for good, with the workspace's reason.
            ServiceUnavailable: no answer, or too late; the attempt may be there.
        """

        def put() -> None:
            # In the thread: whatever it has waited for, this is the last moment before the call.
            if self._clock() > not_after:
                raise TimeoutError("the attempt was not sent in time")
            _put(workspace, job, container_uri, input_uri, provider_options)

        workspace = await self._workspace()
        if not self._providers.enter(job.provider):
            raise ServiceUnavailable(f"The provider {job.provider}")
        try:
            # A PUT without an answer may be its provider's fault; whether the workspace is well, other calls tell.
            await self._ask(put, judging=False)
        except ProviderRefused:
            self._doubtful = True  # perhaps the target went away: the next callers should be told, not the next 30 s
            raise
        except ServiceUnavailable as error:
            self._doubtful = True
            if self._breaker.closed and not _throttled(error):
                self._providers.failed(job.provider, job.attempt.provider_job_id)
            raise

    async def get(self, provider_job_id: str) -> ProviderJob | None:
        """Give an attempt as the workspace sees it; None when it has no such job.

        Raises:
            ServiceUnavailable: no answer.
        """
        workspace = await self._workspace()
        found = await self._ask(lambda: _get(workspace, provider_job_id))
        if found is None:
            return None
        job, provider = found
        if job.status in ("Succeeded", "Completed"):
            self._providers.succeeded(provider)
        elif job.status == "Failed" and retries.blames_provider(job.error_code):
            self._providers.failed(provider, provider_job_id)
        return job

    async def cancel(self, provider_job_id: str) -> None:
        """Ask for the end of an attempt; it may have ended already, or not be there.

        Raises:
            ServiceUnavailable: no answer.
        """
        workspace = await self._workspace()
        await self._ask(lambda: _cancel(workspace, provider_job_id))

    async def ask[T](self, work: Callable[[Workspace], T]) -> T:
        """Do with the workspace what is not about jobs; it may be done twice.

        Raises:
            ServiceUnavailable: no answer.
        """
        workspace = await self._workspace()
        return await self._ask(lambda: work(workspace))

    async def _ask[T](self, work: Callable[[], T], *, judging: bool = True) -> T:
        """Call the workspace unless it is given up for now; `judging` calls tell whether it is."""
        if not (self._breaker.enter() if judging else self._breaker.closed):
            raise ServiceUnavailable("The quantum workspace", math.ceil(max(self._breaker.seconds_left, 1.0)))
        try:
            answer = await self._door.call(work)
        except ServiceUnavailable as error:
            if judging and not _throttled(error):
                self._breaker.failed()
            raise
        self._breaker.succeeded()
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        if self._connected is not None:
            self._connected[1].close()

    async def _workspace(self) -> Workspace:
        location = await self._location()
        async with self._connecting:
            if self._connected is None or self._connected[0] != location:
                self._connected = (location, await self._door.call(lambda: _connect(location, self._credential)))
        return self._connected[1]


def _connect(location: WorkspaceLocation, credential: TokenCredential) -> Workspace:
    from azure.quantum import Workspace

    workspace = Workspace(
        subscription_id=location.subscription_id,
        resource_group=location.resource_group,
        name=location.name,
        location=location.location,
        credential=credential,
        # Without it the package asks the resource manager first; it has no public argument for an endpoint we know.
        _quantum_endpoint=location.endpoint,
    )
    _bound(workspace._client)  # noqa: SLF001 - see there
    return workspace


def _bound(client: Any) -> None:
    """Let the package repeat nothing, wait no longer than others and use such a session as they do.

    It has no public argument for any of these.
    """
    from quantum_jobs.connections import PlainSession  # with it comes `requests`, which no cold start waits for

    client._config.retry_policy.total_retries = 0  # noqa: SLF001
    transport = client._client._pipeline._transport  # noqa: SLF001
    transport.connection_config.timeout, transport.connection_config.read_timeout = CONNECT_SECONDS, READ_SECONDS
    transport.session = PlainSession()


def _throttled(error: ServiceUnavailable) -> bool:
    """Tell whether the workspace is well and we ask too much."""
    return getattr(error.__cause__, "status_code", None) == 429


def _list_targets(workspace: Workspace) -> Sequence[Target]:
    # Not get_targets(): it builds provider classes and leaves out status page and availability of some.
    listed = (
        offered(
            str(status.id),
            _word(status.current_availability) or "Unavailable",
            int(status.average_queue_time) if status.average_queue_time is not None else None,
            str(status.status_page) if status.status_page else None,
        )
        for _, status in workspace._get_target_status()  # noqa: SLF001 - the only door to the status itself
    )
    return tuple(sorted((target for target in listed if target is not None), key=lambda target: target.id))


def _put(
    workspace: Workspace, job: Job, container_uri: str, input_uri: str, provider_options: Mapping[str, Any]
) -> None:
    from azure.core.exceptions import HttpResponseError, ResourceExistsError
    from azure.quantum import Job as SdkJob

    try:
        # Straight to one PUT: the input lies in the container already, and the id is ours.
        SdkJob.from_storage_uri(
            workspace,
            name=job.name or job.id,
            target=job.target,
            input_data_uri=input_uri,
            provider_id=job.provider,
            input_data_format=INPUT_FORMAT,
            output_data_format=OUTPUT_FORMAT,
            container_uri=container_uri,
            job_id=job.attempt.provider_job_id,
            session_id=job.session_id,
            input_params=_input_params(job, provider_options),
            tags=["quantum-jobs"],
        )
    except ResourceExistsError:
        return  # an earlier PUT of the same attempt arrived
    except HttpResponseError as error:
        if error.status_code in _FINAL_STATUSES:
            raise ProviderRefused(_reason(error)) from error
        raise


def _input_params(job: Job, provider_options: Mapping[str, Any]) -> dict[str, Any]:
    items = [{"entryPoint": name, "arguments": []} for name in entry_points(job.items)]
    seed = {} if job.seed is None else {"seed": job.seed}
    return {**provider_options, **seed, "shots": job.shots, "items": items}


def _cancel(workspace: Workspace, provider_job_id: str) -> None:
    from azure.core.exceptions import HttpResponseError

    # Not Workspace.cancel_job(), which reads the job before and after.
    try:
        workspace._get_jobs_client().cancel(  # noqa: SLF001 - the only door to the call itself
            workspace.subscription_id, workspace.resource_group, workspace.name, provider_job_id
        )
    except HttpResponseError as error:
        # 204 is how the service says yes; a refusal for good, that there is nothing to cancel or that it cannot be: the
        # next look shows which. To repeat it would keep the job from being followed.
        if error.status_code not in {204, 409, *_FINAL_STATUSES}:
            raise


def _get(workspace: Workspace, provider_job_id: str) -> tuple[ProviderJob, str] | None:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        details: Any = workspace.get_job(provider_job_id).details
    except ResourceNotFoundError:
        return None
    error = details.error_data
    job = ProviderJob(
        id=provider_job_id,
        status=_word(details.status),
        began=timestamp(details.begin_execution_time) if details.begin_execution_time else None,
        ended=timestamp(details.end_execution_time) if details.end_execution_time else None,
        output_uri=details.output_data_uri,
        error_code=error.code if error else None,
        error_message=error.message if error else None,
        cost=_cost(details.cost_estimate),
    )
    return job, str(details.provider_id or "").lower()


def _cost(estimate: Any) -> Money | None:
    if estimate is None or estimate.estimated_total is None:
        return None
    return Money.of(estimate.estimated_total, estimate.currency_code or CURRENCY)


def _word(value: Any) -> str:
    # The package's enumerations print as `JobStatus.SUCCEEDED`; a word it does not know yet comes as plain text.
    return str(getattr(value, "value", value) or "")


def _reason(error: HttpResponseError) -> str:
    said = getattr(error.error, "message", None) or error.reason or "no reason given"
    return f"The workspace answered {error.status_code}: {str(said)[:500]}"
