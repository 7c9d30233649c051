"""The command of the quantum build: `python -m quantum`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from quantum.catalogue import FOLDER, read_catalogue
from quantum.errors import QuantumBuildError, RequestRefused
from quantum.reports import Report
from quantum.screen import Screen

DESCRIPTION = """The team's quantum programs, held to what quantum/budgets.json promises of them.

commands, in the order of a pipeline:
  compile    Q# and OpenQASM to QIR text, for each profile that a program names
  estimate   qubits, T states and time on an error-corrected machine; fails over budget; shows what changed since
             the baseline (quantum/baseline.json)
  simulate   counts on this machine against the exact distribution
  submit     jobs in a test workspace, on simulators only: hardware is refused by name
  all        the four
"""

EPILOG = """examples:
  python -m quantum compile                       see that everything compiles
  python -m quantum simulate grover --shots 5000  one program
  python -m quantum estimate --accept             what it takes now is the new baseline: commit quantum/baseline.json
  python -m local run --no-functions -- python -m quantum all
                                                  everything, with jobs in the local workspace (make quantum-all)
  KEY_VAULT_URL=... STORAGE_ACCOUNT_NAME=... python -m quantum submit
                                                  a workspace in Azure, as who did `az login` (not verified on Azure)

a new program: its file in quantum/programs/, its entry in quantum/budgets.json, then `estimate NAME --accept`.
Outcomes are read like a number: the last bit that a program reports comes first.

exit codes: 0 all passed; 1 a program failed; 2 the request or budgets.json is wrong; 3 something outside is missing.
artifacts (--out): qir/*.ll estimates.json estimates.svg counts.json junit.xml summary.md
"""

_ALL = ("compile", "estimate", "simulate", "submit")


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except QuantumBuildError as error:
        print(f"quantum: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    from quantum.steps import Build, compile_all, estimate_all, simulate_all, submit_all

    catalogue = read_catalogue(options.catalogue)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestRefused(f"{options.out} cannot be written: {error.strerror}") from error
    report = Report(options.out, Screen())
    shots = options.shots or catalogue.shots
    folder = options.catalogue.absolute().parent
    build = Build(catalogue, folder, catalogue.chosen(options.programs), report, shots, options.seed)
    baseline = folder / "baseline.json"
    steps = {
        "compile": lambda: compile_all(build),
        "estimate": lambda: estimate_all(build, baseline, accept=options.accept),
        "simulate": lambda: simulate_all(build),
        "submit": lambda: submit_all(build, options.target, options.timeout),
    }
    for step in _ALL if options.command == "all" else (options.command,):
        steps[step]()
    report.finish()
    failed = sum(case.failure is not None for case in report.cases)
    report.screen.say(f"{len(report.cases) - failed} passed, {failed} failed; artifacts in {options.out}")
    return report.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m quantum",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=[*_ALL, "all"], metavar="COMMAND")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="names in budgets.json (default: all)")
    parser.add_argument("--out", type=Path, default=Path("build/quantum"), help="folder of artifacts: build/quantum")
    parser.add_argument("--catalogue", type=Path, default=FOLDER / "budgets.json", help="quantum/budgets.json")
    parser.add_argument("--shots", type=_shots, help="instead of the catalogue's, 100 to 10000")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation: a red run is the change's doing (1)")
    parser.add_argument("--target", help="submit: a simulator instead of each program's own")
    parser.add_argument("--timeout", type=float, default=600, help="submit: seconds until a job is cancelled (600)")
    parser.add_argument("--accept", action="store_true", help="estimate: make this the baseline")
    return parser


def _shots(text: str) -> int:
    shots = int(text)
    if not 100 <= shots <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 100 and 10000")
    return shots


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
