"""Commands for operators: `python -m quantum_jobs doctor`."""

import sys
from collections.abc import Sequence

USAGE = """usage: python -m quantum_jobs COMMAND

commands:
  doctor    look at every job, queue, blob and account, tell what is wrong, mend it; see doctor --help"""


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; give its exit code."""
    match list(arguments):
        case ["doctor", *rest]:
            from quantum_jobs.doctor import main as doctor

            return doctor(rest)
        case ["-h" | "--help"]:
            print(USAGE)
            return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
