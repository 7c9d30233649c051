"""Sessions of the workspace: jobs of one loop together, which providers may keep near the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantum_jobs.errors import ProviderRefused

if TYPE_CHECKING:
    from azure.quantum import Workspace

    from quantum_jobs.azure_quantum import AzureQuantumWorkspace


class WorkspaceSessions:
    """Opens, asks after and closes sessions; every call may be repeated."""

    def __init__(self, workspace: AzureQuantumWorkspace) -> None:
        self._workspace = workspace

    async def open(self, session_id: str, name: str, target: str, provider: str, policy: str) -> None:
        """Open a session under an id of ours; `policy` is Abort or Continue: what a failed job means for the next.

        Raises:
            ProviderRefused: the workspace does not take it; says why.
            ServiceUnavailable: no answer.
        """
        await self._workspace.ask(lambda workspace: _open(workspace, session_id, name, target, provider, policy))

    async def close(self, session_id: str) -> str:
        """Close a session, which then takes no more jobs; gives its status.

        Raises:
            ServiceUnavailable: no answer.
        """
        return await self._workspace.ask(lambda workspace: _closed(workspace, session_id))

    async def status(self, session_id: str) -> str:
        """Give a session's status in the workspace's word.

        Raises:
            ServiceUnavailable: no answer.
        """
        return await self._workspace.ask(lambda workspace: _status(workspace.get_session(session_id)))


def _open(workspace: Workspace, session_id: str, name: str, target: str, provider: str, policy: str) -> None:
    from azure.core.exceptions import HttpResponseError
    from azure.quantum.job.session import Session

    session = Session(
        workspace, id=session_id, name=name, target=target, provider_id=provider, job_failure_policy=policy
    )
    try:
        workspace.open_session(session)
    except HttpResponseError as error:
        if error.status_code in (400, 404, 422):
            raise ProviderRefused(f"The workspace opens no session: {error.reason}") from error
        raise


def _closed(workspace: Workspace, session_id: str) -> str:
    session: Any = workspace.get_session(session_id)
    workspace.close_session(session)
    return _status(session)


def _status(session: Any) -> str:
    # The package's enumerations print as `SessionStatus.SUCCEEDED`.
    status = session.details.status
    return str(getattr(status, "value", status) or "")
