"""Says of a storm that broke a promise which it was and what happened in it."""

import contextlib

LAST = 80  # calls


@contextlib.contextmanager
def described(storm, name):
    """Add to an error how to have it again, and the last calls."""
    try:
        yield
    except Exception as error:
        calls = "\n".join(storm.trace[-LAST:])
        error.add_note(f"{name}\nkilled in: {storm.where}\n{calls}")
        raise
