"""What expressions throw while they run, by the names of .NET."""

from typing import NoReturn

from local.apim.errors import ExpressionFailed


def thrown(exception: str, message: str) -> ExpressionFailed:
    return ExpressionFailed(f"{exception}: {message}")


def throw(exception: str, message: str) -> NoReturn:
    """Raise where an expression is wanted, not a statement."""
    raise thrown(exception, message)


def null_reference() -> NoReturn:
    throw("NullReferenceException", "Object reference not set to an instance of an object.")
