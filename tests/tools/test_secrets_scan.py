"""A secret in any file is found, wherever it stands; what was looked at is not told again."""

import base64
import subprocess
from pathlib import Path

import pytest

from tools.secrets_scan import KNOWN, ROOT, found, tracked, unknown

# Put together here, so that this file holds none.
SECRETS = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
    "a storage account's key": "AccountKey" + "=" + base64.b64encode(bytes(range(64))).decode(),
    "a password in an address": "https://user:" + "hunter2@example.org",
    "a password by its name": "pass" + 'word = "hunter2-and-more"',
    "a token of GitHub": "ghp" + "_" + "16C7e42F" * 4 + "292c",
    "a token of a caller": "eyJhbGciOiJub25lIn0" + ".eyJzdWIiOiJhbGljZSJ9.c2lnbmVk",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_planted_secret_is_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(f"# nothing here\n\n{SECRETS[name]}\n")
    assert [secret.line_number for secret in unknown(found(tmp_path, ["settings.py"]), {})] == [3]


def test_what_was_looked_at_is_known_where_it_was_and_nowhere_else(tmp_path: Path) -> None:
    text = SECRETS["a password by its name"]
    (tmp_path / "one.py").write_text(text)
    known = {"one.py": [secret.secret_hash for secret in found(tmp_path, ["one.py"])]}
    (tmp_path / "one.py").write_text(f"\n\n{text}")
    (tmp_path / "two.py").write_text(text)
    new = unknown(found(tmp_path, ["one.py", "two.py"]), known)
    assert [secret.filename for secret in new] == ["two.py"]


def test_files_that_git_does_not_know_yet_are_looked_at_and_ignored_ones_are_not(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name in ("new.py", "ignored.log", "package-lock.json"):
        (tmp_path / name).touch()
    (tmp_path / ".gitignore").write_text("*.log\n")
    assert tracked(tmp_path) == [".gitignore", "new.py"]


def test_what_is_accepted_is_in_the_repository_and_told_by_hash() -> None:
    assert KNOWN.parent == ROOT
    assert "hunter" not in KNOWN.read_text()
