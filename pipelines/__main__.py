"""The command behind the make targets of the pipelines: `python -m pipelines`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.errors import PipelineError

REPOSITORY = Path(__file__).resolve().parent.parent

_EPILOG = """commands, each behind a make target:
  package         build/release/package.zip, as Azure gets it                  make package
  rehearse        start it alone in the local cloud and smoke-test it          make rehearse
  smoke           the service of QUANTUM_JOBS_URL, as QUANTUM_JOBS_TOKEN       make smoke
  lint            the pipelines' own files                                     make check

and with `az`, logged in (settings: pipelines/README.md; not verified on Azure):
  check-infrastructure    Microsoft's Bicep compiler and linter                make release-check
  what-if                 what a deployment would change                       make release-what-if
  infrastructure          deploy it                                            make release-infrastructure
  deploy                  the package into every Functions app                 make release-deploy
  smoke-release           through the gateway of that deployment               make release-smoke
  keep                    the package as the one to roll back to               make release-keep
  roll-back               to the last package that was kept                    make release-roll-back
"""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines", epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=list(_COMMANDS), metavar="COMMAND")
    parser.add_argument("--folder", type=Path, default=Path("build/release"), help="of the package: build/release")
    parser.add_argument("--seconds", type=float, default=300, help="smoke: until it must have passed (300)")
    parser.add_argument("--files", type=Path, default=REPOSITORY, help="lint: the tree that holds them (default: this)")
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


def _lint(options: argparse.Namespace) -> None:
    from pipelines.lint import lint

    lint(options.files)


def _release(step: str) -> Callable[[argparse.Namespace], None]:
    def run(options: argparse.Namespace) -> None:
        from pipelines import release

        steps: dict[str, Callable[[], None]] = {
            "check-infrastructure": release.check_infrastructure,
            "what-if": release.what_if,
            "infrastructure": lambda: release.deploy_infrastructure(options.folder),
            "deploy": lambda: release.deploy(options.folder),
            "smoke-release": lambda: release.smoke_release(options.folder),
            "keep": lambda: release.keep(options.folder),
            "roll-back": lambda: release.roll_back(options.folder),
        }
        steps[step]()

    return run


_RELEASE_STEPS = ("check-infrastructure", "what-if", "infrastructure", "deploy", "smoke-release", "keep", "roll-back")
_COMMANDS = {"package": _package, "rehearse": _rehearse, "smoke": _smoke, "lint": _lint} | {
    step: _release(step) for step in _RELEASE_STEPS
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
