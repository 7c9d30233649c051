"""Looks for secrets in all files that git knows, by detect-secrets; fails on any that nobody has looked at.

What was looked at and is none (test tokens, examples) is in `.secrets.json`: by file the hashes of the words, not where
they stand, so that lines may move. `python -m tools.secrets_scan --accept` writes it anew: read its difference.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / ".secrets.json"
# Those that could come here; each detector costs a second.
DETECTORS = (
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "NpmDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
)
SETTINGS = {
    "plugins_used": [
        *({"name": name} for name in DETECTORS),
        {"name": "Base64HighEntropyString", "limit": 4.5},
        {"name": "HexHighEntropyString", "limit": 3.0},
    ],
    "filters_used": [
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
        {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
        {"path": "detect_secrets.filters.heuristic.is_indirect_reference"},
        {"path": "detect_secrets.filters.heuristic.is_sequential_string"},
        {"path": "detect_secrets.filters.heuristic.is_potential_uuid"},
    ],
}
# Hashes of packages, what is generated from files that are looked at, and what is no text.
LEFT_OUT = re.compile(
    r"(.*/)?package-lock\.json|requirements.*\.txt|apim/.*\.json|tests/programs/qpy_samples\.json|\.secrets\.json|.*\.(png|xz)"
)

type Found = Mapping[str, Sequence[str]]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; 1 where something new is found."""
    parser = argparse.ArgumentParser(prog="python -m tools.secrets_scan", description=__doc__)
    parser.add_argument("--accept", action="store_true", help="write what is found into .secrets.json")
    options = parser.parse_args(arguments)
    secrets = found(ROOT, tracked(ROOT))
    if options.accept:
        KNOWN.write_text(json.dumps(_hashes(secrets), indent=1) + "\n")
        return 0
    new = unknown(secrets, json.loads(KNOWN.read_text()))
    for secret in new:
        print(f"{secret.filename}:{secret.line_number}: {secret.type}", file=sys.stderr)
    if new:
        print("Take it out and change it where it is in force; if it is none: --accept.", file=sys.stderr)
    return bool(new)


def tracked(root: Path) -> list[str]:
    """Give the files to look at: all that git knows, and those that it would be told of next."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(command, cwd=root, text=True).splitlines()
    return [name for name in names if not LEFT_OUT.fullmatch(name) and (root / name).is_file()]


def found(root: Path, names: Sequence[str]) -> list[PotentialSecret]:
    """Look at the files, on all cores; names are relative to the root."""
    parts = [names[start::8] for start in range(8)]
    with ProcessPoolExecutor() as pool:
        return [secret for part in pool.map(_scanned, [root] * len(parts), parts) for secret in part]


def unknown(secrets: Iterable[PotentialSecret], known: Found) -> list[PotentialSecret]:
    """Give those that nobody has looked at, in the order of files and lines."""
    new = [secret for secret in secrets if secret.secret_hash not in known.get(secret.filename, ())]
    return sorted(new, key=lambda secret: (secret.filename, secret.line_number))


def _scanned(root: Path, names: Sequence[str]) -> list[PotentialSecret]:
    secrets = []
    with transient_settings(SETTINGS):
        for name in names:
            for secret in scan_file(str(root / name)):
                secret.filename = name
                secrets.append(secret)
    return secrets


def _hashes(secrets: Iterable[PotentialSecret]) -> Found:
    by_file: dict[str, set[str]] = {}
    for secret in secrets:
        by_file.setdefault(secret.filename, set()).add(secret.secret_hash)
    return {name: sorted(hashes) for name, hashes in sorted(by_file.items())}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
