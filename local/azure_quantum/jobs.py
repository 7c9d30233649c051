"""The jobs of the workspace: made once per id, kept, listed, changed, cancelled and deleted."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from local.azure_quantum.authentication import Caller
from local.azure_quantum.blobs import BlobDoor
from local.azure_quantum.errors import Refused
from local.azure_quantum.items import Items
from local.azure_quantum.models import Job, JobRequest, JobUpdate, Kind, Links, job_document, unsigned
from local.azure_quantum.quotas import Bill, Ledger
from local.azure_quantum.targets import Catalogue, Target
from local.azure_quantum.times import Ticks, now


class Jobs:
    """All jobs, in order of creation."""

    def __init__(self, catalogue: Catalogue, door: BlobDoor, kind: Kind, items: Items, ledger: Ledger) -> None:
        self._catalogue, self._door, self._kind, self._items, self._ledger = catalogue, door, kind, items, ledger
        self.enforces_quotas = False
        self._jobs: dict[str, Job] = {}
        self.put_counts: Counter[str] = Counter()
        """How often each id was PUT."""

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, job_id: str) -> bool:
        return job_id.lower() in self._jobs

    def get(self, job_id: str) -> Job:
        """Raises Refused (404)."""
        job = self._jobs.get(job_id.lower())
        if job is None:
            raise Refused.not_found("job", job_id)
        return job

    def put(self, job_id: str, request: JobRequest, caller: Caller) -> tuple[Job, bool]:
        """Give the job of this id and whether it is new.

        The same id with the same definition is the same job, with another one a conflict (409): choices, for the
        service's answer is not known.
        """
        _check_id(job_id)
        self.put_counts[job_id.lower()] += 1
        fingerprint = request.fingerprint()
        present = self._jobs.get(job_id.lower())
        if present is not None:
            if present.fingerprint != fingerprint:
                raise Refused(409, "JobAlreadyExists", f"A job {job_id!r} with another definition exists already.")
            return present, False
        target = self._open_target(request)
        request.output_data_format = _checked_formats(request, target)
        _check_parameters(request, target)
        container, created = self._checked_container(request), now()
        if self.enforces_quotas:
            self._check_quotas(request, target, created)
        job = Job(job_id, request, caller, container, created, self._kind, updated=created, fingerprint=fingerprint)
        self._items.add(job)
        self._jobs[job_id.lower()] = job
        return job, True

    def restore(self, job: Job) -> None:
        """Take a job back that was made before a restart."""
        self._jobs[job.id.lower()] = job

    def save(self, job: Job) -> None:
        """Write what has changed of a job."""
        self._items.save(job)

    def target_named(self, target_id: str) -> Target | None:
        """Find a target by its id alone."""
        return next((target for _, target in self._catalogue.targets() if target.id == target_id), None)

    def target_of(self, request: JobRequest) -> Target:
        """Raises Refused (400) when provider and target are not in the catalogue."""
        target = self._catalogue.find(request.provider_id, request.target)
        if target is None:
            raise Refused.invalid_job(
                f"Target {request.target!r} of provider {request.provider_id!r} is not available."
            )
        return target

    def _open_target(self, request: JobRequest) -> Target:
        """Raises Refused (400) also when the target takes no jobs."""
        target = self.target_of(request)
        if target.availability == "Unavailable":
            raise Refused.invalid_job(f"Target {target.id!r} is unavailable.")
        return target

    def _check_quotas(self, request: JobRequest, target: Target, time: Ticks) -> None:
        """Raises Refused (403) when the job would not fit into a quota of its provider."""
        provider = self._catalogue.provider(request.provider_id)
        if provider is not None:
            self._ledger.check(provider, target, shots_of(request, target), time)

    def _checked_container(self, request: JobRequest) -> str:
        address = self._door.address(request.container_uri)
        if address is None or address.blob:
            raise Refused.invalid_job("containerUri must be a container of the storage account of the workspace.")
        if request.input_data_uri is None:
            return address.container
        given = self._door.address(request.input_data_uri)
        if given is None or not given.blob:
            raise Refused.invalid_job("inputDataUri must be a blob of the storage account of the workspace.")
        return address.container

    def update(self, job_id: str, update: JobUpdate) -> Job:
        """Change name, priority or tags."""
        job = self.get(job_id)
        for name, value in update.model_dump(exclude_none=True).items():
            setattr(job.request, name, value)
        job.updated = now()
        self.save(job)
        return job

    def ended(self, job_id: str) -> Job:
        """Give a job that may be deleted; raises Refused (409) for one that has not ended (chosen)."""
        job = self.get(job_id)
        if not job.is_done:
            raise Refused(
                409, "JobNotInTerminalState", f"Job {job_id!r} is {job.status}; cancel it before deleting it."
            )
        return job

    def delete(self, job: Job) -> None:
        """Forget a job that has ended, but not what it was billed for."""
        bill = Bill.of(job)
        del self._jobs[job.id.lower()]
        self._items.remove(job, (Bill.__name__, bill.record()) if bill else None)

    def document(self, job: Job, api_version: str, *, signed: bool) -> dict[str, Any]:
        """Show a job; signed as the service answers GET, unsigned as it answers PUT."""
        return job_document(job, self._links(job, signed=signed), api_version)

    def _links(self, job: Job, *, signed: bool) -> Links:
        door, container = self._door, job.container
        given = unsigned(job.request.input_data_uri or door.uri(container, "inputData"))
        output = door.output_uri(container, job.output_blob)
        if not signed:
            return Links(door.uri(container), given, output)
        address = door.address(given)
        stem = "".join(
            character if character.isalnum() or character in "-_. " else "_" for character in job.request.name
        )
        input_sas = (
            door.blob_sas(address.container, address.blob, "r", f"{stem}-{job.id}.input.json") if address else ""
        )
        output_sas = door.blob_sas(container, job.output_blob, "r", f"{stem}-{job.id}.output.json")
        container_uri = f"{door.uri(container)}?{door.container_sas(container, 'rl')}"
        return Links(container_uri, f"{given}?{input_sas}", f"{output}?{output_sas}")


def _check_id(job_id: str) -> None:
    try:
        UUID(job_id)
    except ValueError as error:
        raise Refused.invalid_job(f"The job id {job_id!r} is not a GUID.") from error


def _checked_formats(request: JobRequest, target: Target) -> str:
    """Give the output format: the one asked for, or the first of the input format."""
    outputs = target.formats.get(request.input_data_format)
    if outputs is None:
        taken = ", ".join(sorted(target.formats)) or "none"
        raise Refused.invalid_job(
            f"Target {target.id!r} does not take the input format {request.input_data_format!r} here; it takes {taken}."
        )
    output = request.output_data_format or outputs[0]
    if output not in outputs:
        raise Refused.invalid_job(
            f"The output format {output!r} does not go with {request.input_data_format!r}; use {' or '.join(outputs)}."
        )
    return output


def shots_of(request: JobRequest, target: Target) -> int:
    """Read the shots asked for: `count` in older packages, `runs` in Pulser's; raises Refused (400) out of range."""
    parameters = request.input_params or {}
    shots = next((parameters[name] for name in ("shots", "count", "runs") if parameters.get(name) is not None), None)
    if shots is None:
        return target.shots.default
    if isinstance(shots, str) and shots.isascii() and shots.isdigit():
        shots = int(shots[:12])
    low, high = target.shots.minimum, target.shots.maximum
    if isinstance(shots, bool) or not isinstance(shots, int) or not low <= shots <= high:
        raise Refused.invalid_job(
            f"shots is {shots!r}; target {target.id!r} takes a whole number from {low} to {high}."
        )
    return shots


def items_of(request: JobRequest) -> list[dict[str, Any]]:
    """Read the entry points to run: `items`, or one `entryPoint` with `arguments`; raises Refused (400)."""
    parameters = request.input_params or {}
    items = parameters.get("items")
    if items is None:
        items = [{name: parameters[name] for name in ("entryPoint", "arguments") if parameters.get(name) is not None}]
    well_formed = isinstance(items, list) and items and all(_is_item(item) for item in items)
    if not well_formed:
        raise Refused.invalid_job("items must be a list of objects with entryPoint (text) and arguments (a list).")
    return list(items)


def _is_item(item: object) -> bool:
    if not isinstance(item, dict):
        return False
    entry_point, arguments = item.get("entryPoint"), item.get("arguments")
    return (entry_point is None or isinstance(entry_point, str)) and (arguments is None or isinstance(arguments, list))


def _check_parameters(request: JobRequest, target: Target) -> None:
    shots_of(request, target)
    items_of(request)
