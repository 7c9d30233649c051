"""The deployment package: what .funcignore lets through, with its requirements and bytecode, as one zip.

It is built here and not by Azure, whose own build is known to take another Python than the app's.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pathspec

from pipelines.errors import PackageBroken

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIREMENTS = Path(".python_packages/lib/site-packages")
PLATFORM = "x86_64-manylinux_2_36"  # of Azure's image for Python 3.13; not verified on Azure
_SAME_DATE = (1980, 1, 1, 0, 0, 0)  # the same commit gives the same bytes
_NEEDED = ("function_app.py", "host.json", "requirements.txt", "quantum_jobs/__init__.py")


def build(folder: Path) -> Path:
    """Build FOLDER/app and FOLDER/package.zip anew; give the zip.

    Raises:
        PackageBroken: wrong Python, a file that must be there is not, a requirement cannot be had.
    """
    if sys.version_info[:2] != (3, 13):
        raise PackageBroken(f"this is Python {sys.version.split()[0]}; the app runs on 3.13, so must the build")
    app = folder / "app"
    shutil.rmtree(app, ignore_errors=True)
    copy_sources(REPOSITORY, app)
    install_requirements(app)
    compile_bytecode(app)
    return write_zip(app, folder / "package.zip")


def copy_sources(repository: Path, app: Path) -> None:
    """Copy what .funcignore lets through.

    Raises:
        PackageBroken: what the app cannot start without would not be there.
    """
    for name in sources(repository):
        target = app / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / name, target)
    missing = [name for name in _NEEDED if not (app / name).is_file()]
    if missing:
        raise PackageBroken(f"not in the package, see .funcignore: {', '.join(missing)}")


def sources(repository: Path) -> list[str]:
    """List what git knows and .funcignore does not leave out."""
    rules = pathspec.GitIgnoreSpec.from_lines((repository / ".funcignore").read_text().splitlines())
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout  # noqa: S603
    kept = {name for name in names.split("\0") if name and not _left_out(rules, name)}
    return sorted(name for name in kept if (repository / name).is_file())


def _left_out(rules: pathspec.GitIgnoreSpec, name: str) -> bool:
    """Tell whether a file or a folder above it is left out: nothing below such a folder comes back."""
    folders = [f"{folder}/" for folder in Path(name).parents if folder != Path()]
    return any(rules.match_file(place) for place in [*folders, name])


def install_requirements(app: Path) -> None:
    """Install requirements.txt for Azure's platform into the package, from wheels alone.

    Raises:
        PackageBroken: the installer's own words.
    """
    target = app / REQUIREMENTS
    command = [_uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(target)]
    options = ["--python-platform", PLATFORM, "--only-binary", ":all:", "--link-mode", "copy"]
    done = subprocess.run(  # noqa: S603
        [*command, *options, "-r", str(app / "requirements.txt")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackageBroken(f"requirements.txt cannot be installed:\n{done.stderr.strip()}")
    shutil.rmtree(target / "bin", ignore_errors=True)  # commands, which name this machine's interpreter
    (target / ".lock").unlink(missing_ok=True)


def compile_bytecode(app: Path) -> None:
    """Compile all: an app without bytecode starts three to five times slower, and cannot write it in Azure.

    By hash, unchecked: the dates of a zip would make every file look changed.

    Raises:
        PackageBroken: there is none of the app's own.
    """
    how = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(app)]
    # One process and one seed: bytecode holds sets in the order of their hashes, and what was compiled before shows in
    # it. Files of some packages are no Python 3; they have none.
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "compileall", *how, str(app)],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if not any((app / "quantum_jobs" / "__pycache__").glob("app.*.pyc")):
        raise PackageBroken("the package cannot be compiled to bytecode")


def write_zip(app: Path, file: Path) -> Path:
    """Write the files of a folder, sorted and without dates."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
        for path in _files(app):
            info = zipfile.ZipInfo(path.relative_to(app).as_posix(), _SAME_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            package.writestr(info, path.read_bytes())
    return file


def digest(file: Path) -> str:
    """Give the SHA-256 of a package."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _files(app: Path) -> Iterator[Path]:
    return iter(sorted(path for path in app.rglob("*") if path.is_file()))


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise PackageBroken("uv is not there, which installs for another platform: run `make setup`")
    return found
