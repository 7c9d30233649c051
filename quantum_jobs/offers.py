"""What the workspace offers now; nobody is refused a target on an old word."""

from collections.abc import Sequence

from quantum_jobs.models import Target
from quantum_jobs.ports import QuantumWorkspace
from quantum_jobs.targets import KNOWN_TARGETS, is_available
from quantum_jobs.waits import Waits

_FRESH_SECONDS = 30.0
# Also the least time between two looks on behalf of callers who are refused again and again.
_NO_SECONDS = 2.0


class Offers:
    """The targets, with how long jobs wait before each."""

    def __init__(self, workspace: QuantumWorkspace, waits: Waits) -> None:
        self._workspace = workspace
        self._waits = waits

    async def listed(self, *wanted: str) -> Sequence[Target]:
        """Give all targets as they were within 30 seconds; where a wanted one takes no jobs, within 2 seconds.

        Without a name all that are listed are wanted.

        Raises:
            ServiceUnavailable: the workspace does not answer and never has.
        """
        listed = await self._workspace.targets(_FRESH_SECONDS)
        if _refused(wanted, listed):
            listed = await self._workspace.targets(_NO_SECONDS)
        return self._waits.on(listed)


def _refused(wanted: Sequence[str], listed: Sequence[Target]) -> bool:
    available = {target.id: is_available(target) for target in listed}
    # A target that the service itself does not know is on no list, however new.
    return any(not available.get(name, False) for name in wanted or available if name in KNOWN_TARGETS)
