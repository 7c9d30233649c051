"""Why a program cannot be run, with the codes that the service gives in errorData.

ExecutionError
├── InvalidProgram       the program or its parameters are not what the format says (InvalidInputData)
├── UnsupportedProgram   valid, but not for this target or not built here (InvalidInputError)
├── ProgramTooLarge      above a limit of the engine (RuntimeError)
└── WorkerLost           the worker died or ran out of time (ProviderTimeout, RuntimeError)
"""


class ExecutionError(Exception):
    """Root of all errors raised on purpose while a program is read or run; `code` goes into errorData."""

    code = "RuntimeError"


class InvalidProgram(ExecutionError):
    code = "InvalidInputData"


class UnsupportedProgram(ExecutionError):
    code = "InvalidInputError"


class ProgramTooLarge(ExecutionError):
    code = "RuntimeError"


class WorkerLost(ExecutionError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
