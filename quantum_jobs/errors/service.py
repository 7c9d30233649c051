"""Something of ours, or behind us, does not work."""

from quantum_jobs.errors.base import QuantumJobsError


class ServiceFault(QuantumJobsError):
    """Something of ours, or behind us, does not work."""

    status = 503


class ServiceUnavailable(ServiceFault):
    """A store, the queue, the vault or the workspace does not answer."""

    status, slug, title = 503, "service-unavailable", "A part of the service does not answer"

    def __init__(self, part: str, retry_after_seconds: int = 5) -> None:
        super().__init__(f"{part} does not answer. Nothing is lost: send the same request again.")
        self.headers = {"Retry-After": str(retry_after_seconds)}


class Crowded(ServiceUnavailable):
    """The owner's other requests are worked on for longer than a caller waits."""

    def __init__(self) -> None:
        super().__init__("Your other requests", 2)
        self.detail = (
            "Too many of your requests are worked on at once. Send this one again when some have been answered."
        )


class ReceiverBusy(ServiceUnavailable):
    """So many calls to the same receiver are under way that no more are made for now."""

    def __init__(self) -> None:
        super().__init__("The webhook's receiver", 1)


class AccountMoved(ServiceUnavailable):
    """Somebody else has written the owner's account meanwhile; read it again and repeat. Never leaves the service."""

    def __init__(self) -> None:
        super().__init__("The account")


class ProviderRefused(ServiceFault):
    """The workspace or the provider refused a job for good."""

    status, slug, title = 502, "provider-rejected", "The provider refused the job"


class ResultUnreadable(ServiceFault):
    """A result document in no known shape."""

    status, slug, title = 500, "result-unreadable", "The provider's result could not be read"


class SettingsMissing(ServiceFault):
    """The process was started without what it needs."""

    status, slug, title = 500, "internal-error", "The service is not configured"
