"""`python -m tools.bicep infra`: says what is wrong with the Bicep files of a folder."""

import argparse
import sys
from pathlib import Path

from tools.bicep.project import Project


def main(arguments: list[str] | None = None) -> int:
    """Print every finding; 1 if there is one, 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(prog="python -m tools.bicep", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    files = [*folder.rglob("*.bicep"), *folder.rglob("*.bicepparam")]
    if not files:
        print(f"{folder}: no Bicep files", file=sys.stderr)
        return 2
    findings = Project().findings(folder)
    for found in findings:
        print(found.shown())
    said = f"{len(findings)} findings" if findings else "nothing wrong found"
    print(
        f"{len(files)} Bicep files: {said}. This is no compiler: `az bicep build` and what-if come first in a release."
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
