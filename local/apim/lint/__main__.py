"""`python -m local.apim.lint [TREE]`: prints what breaks a rule, one line each; exit code 1 where anything does."""

import argparse
import sys
from pathlib import Path

from local.apim.lint.rules import findings


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 where nothing was found, else 1."""
    parser = argparse.ArgumentParser("python -m local.apim.lint", description="Holds a tree of artifacts to the rules.")
    parser.add_argument("tree", nargs="?", type=Path, default=Path("apim"), help="the folder of artifacts")
    found = findings(parser.parse_args(arguments).tree)
    for finding in found:
        print(finding)
    if found:
        print(f"{len(found)} found; docs/gateway.md explains the rules", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
