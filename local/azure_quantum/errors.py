"""Refusals of the workspace, with the status and the code of their answers."""


class Refused(Exception):
    """A request that is answered with an error body; `code` is the service's word for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    @classmethod
    def invalid_job(cls, message: str) -> "Refused":
        return cls(400, "InvalidJobDefinition", message)

    @classmethod
    def not_found(cls, what: str, name: str) -> "Refused":
        return cls(404, "ResourceNotFound", f"The {what} {name!r} was not found in the workspace.")


class Unauthorized(Exception):
    """Credentials are missing or do not hold: 401 with an empty body, as the service answers."""


class BlobFault(Exception):
    """Storage refused an operation or does not answer; the message names it and holds no signature."""

    def __init__(self, message: str, *, is_request_wrong: bool = False) -> None:
        super().__init__(message)
        self.is_request_wrong = is_request_wrong
