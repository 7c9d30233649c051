"""The command behind the make targets of the pipelines: `python -m pipelines`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import PipelineError

_EPILOG = """commands:
  package     build/release/package.zip, as Azure gets it              make package
  rehearse    start it alone in the local cloud and smoke-test it      make rehearse
  smoke       the service of QUANTUM_JOBS_URL, as QUANTUM_JOBS_TOKEN   make smoke
"""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines", epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=list(_COMMANDS), metavar="COMMAND")
    parser.add_argument("--folder", type=Path, default=Path("build/release"), help="of the package: build/release")
    parser.add_argument("--seconds", type=float, default=300, help="smoke: until it must have passed (300)")
    options = parser.parse_args(arguments)
    try:
        _COMMANDS[options.command](options)
    except PipelineError as error:
        print(f"pipelines: {error}", file=sys.stderr)
        return 1
    return 0


def _package(options: argparse.Namespace) -> None:
    from pipelines.package import build, digest

    package = build(options.folder)
    print(f"{package}: {package.stat().st_size / 1e6:.1f} MB, sha256 {digest(package)}")


def _rehearse(options: argparse.Namespace) -> None:
    from pipelines.rehearsal import rehearse

    rehearse(options.folder / "package.zip")


def _smoke(options: argparse.Namespace) -> None:
    from pipelines.smoke import client, smoke

    with client() as api:
        smoke(api, options.seconds, lambda line: print(f"smoke: {line}", flush=True))


_COMMANDS = {"package": _package, "rehearse": _rehearse, "smoke": _smoke}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
