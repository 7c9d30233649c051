"""Calls of the Azure CLI, with what it must be told."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from pipelines.errors import ReleaseFailed


def az(*arguments: str, quiet: bool = False) -> str:
    """Run `az`; print what it prints, unless `quiet`; give its output.

    Raises:
        ReleaseFailed: there is no az, or its last words.
    """
    program = shutil.which("az")
    if program is None:
        raise ReleaseFailed("az is not there: install the Azure CLI, and log in")
    print(f"az {' '.join(arguments)}", flush=True)
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ReleaseFailed(f"`az {' '.join(arguments[:4])} ...` ended with code {done.returncode}; see above")
    if not quiet:
        print(done.stdout, flush=True)
    return done.stdout


def az_document(*arguments: str) -> Any:
    """Run `az` and read the JSON that it prints."""
    text = az(*arguments, "--output", "json", quiet=True)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ReleaseFailed(f"`az {' '.join(arguments[:4])} ...` did not print JSON: {text[:200]!r}") from error


def settings(names: Sequence[str]) -> list[str]:
    """Give settings of the environment, in order.

    Raises:
        ReleaseFailed: names all that are missing.
    """
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ReleaseFailed(f"set {', '.join(missing)} (pipelines/README.md, Settings)")
    return [os.environ[name] for name in names]
