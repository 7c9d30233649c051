"""The package holds what the app needs and nothing else; one that does not stand by itself is refused."""

import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from pipelines.errors import PackageBroken
from pipelines.package import REQUIREMENTS, build, copy_sources, digest, sources, write_zip
from pipelines.rehearsal import check_alone, rehearse
from tests.cloud import REPOSITORY


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's own files with the packages of this environment in the place of its requirements."""
    folder = tmp_path_factory.mktemp("package") / "app"
    copy_sources(REPOSITORY, folder)
    place = folder / REQUIREMENTS
    place.parent.mkdir(parents=True)
    import pydantic

    place.symlink_to(Path(pydantic.__file__).parent.parent)
    return folder


def test_the_package_holds_the_app_and_nothing_of_its_development():
    names = sources(REPOSITORY)
    assert {"function_app.py", "host.json", "requirements.txt", "quantum_jobs/app.py"} <= set(names)
    assert {name.partition("/")[0] for name in names} == {
        "function_app.py", "host.json", "requirements.txt", "quantum_jobs",
    }  # fmt: skip
    assert not [name for name in names if name.endswith(".pyc") or "settings.json" in name]
    assert all((REPOSITORY / name).is_file() for name in names)


def test_a_package_that_lacks_the_app_is_not_built(tmp_path):
    (tmp_path / ".funcignore").write_text("*\n!host.json\n")
    (tmp_path / "host.json").write_text("{}")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    with pytest.raises(
        PackageBroken, match=r"not in the package, see .funcignore: function_app\.py, requirements\.txt"
    ):
        copy_sources(tmp_path, tmp_path / "app")


def test_the_same_files_give_the_same_bytes_whenever_and_wherever_they_are_packed(tmp_path):
    for name, age in (("one", 0), ("two", 100_000)):
        copy_sources(REPOSITORY, tmp_path / name)
        for path in (tmp_path / name).rglob("*"):
            os.utime(path, (time.time() - age,) * 2)
    packed = [write_zip(tmp_path / name, tmp_path / f"{name}.zip").read_bytes() for name in ("one", "two")]
    assert packed[0] == packed[1]


def test_the_apps_own_files_with_its_requirements_stand_by_themselves(app):
    assert int(check_alone(app).split()[0]) > 20


def test_a_package_without_its_requirements_is_refused(tmp_path):
    copy_sources(REPOSITORY, tmp_path / "app")
    with pytest.raises(PackageBroken, match=r"stand by itself: ModuleNotFoundError: No module named"):
        check_alone(tmp_path / "app")


def test_a_package_that_lacks_a_module_is_refused_though_the_repository_has_it(app, tmp_path):
    shutil.copytree(app, tmp_path / "app", symlinks=True)
    (tmp_path / "app/quantum_jobs/shepherd.py").unlink()
    with pytest.raises(PackageBroken, match=r"No module named 'quantum_jobs\.shepherd'"):
        check_alone(tmp_path / "app")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_release_is_rehearsed_from_the_package_alone_and_a_broken_one_fails(tmp_path, capfd):
    package = build(tmp_path)
    assert digest(package) == digest(build(tmp_path / "again"))
    rehearse(package)
    told = capfd.readouterr().out
    assert "a caller without a token is refused" in told
    assert "succeeded: {" in told
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert any(name.startswith("quantum_jobs/__pycache__/app.") for name in names)
    shutil.rmtree(tmp_path / "app" / REQUIREMENTS / "azure/quantum")
    with pytest.raises(PackageBroken, match=r"No module named 'azure\.quantum'"):
        rehearse(write_zip(tmp_path / "app", tmp_path / "broken.zip"))
