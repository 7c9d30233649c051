"""The checker of Bicep finds what is planted into infra/, and says nothing of infra/ as it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.planted import CAUGHT, MISSED, Planted
from tools.bicep.findings import Finding
from tools.bicep.project import Project

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "infra", folder / "infra")
    (folder / "apim").symlink_to(ROOT / "apim")
    return folder / "infra"


@pytest.fixture
def planted(copy: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Planted, Path]]:
    defect: Planted = request.param
    (path,) = copy.rglob(defect.file)
    before = path.read_text()
    assert defect.old in before
    path.write_text(before.replace(defect.old, defect.new, 1))
    yield defect, path
    path.write_text(before)


def _found(path: Path, folder: Path) -> list[Finding]:
    return [item for item in Project().findings(folder) if item.path == path]


def test_nothing_is_said_of_the_infrastructure_as_it_is() -> None:
    assert [item.shown() for item in Project().findings(ROOT / "infra")] == []


@pytest.mark.parametrize("planted", CAUGHT, indirect=True, ids=str)
def test_a_planted_defect_is_told_by_its_rule_in_its_file(planted: tuple[Planted, Path], copy: Path) -> None:
    defect, path = planted
    assert defect.rule in [item.rule for item in _found(path, copy)]


@pytest.mark.parametrize("planted", MISSED, indirect=True, ids=str)
def test_what_is_said_to_be_missed_is_missed(planted: tuple[Planted, Path], copy: Path) -> None:
    _, path = planted
    assert _found(path, copy) == []


def test_at_least_nine_of_ten_planted_defects_are_found() -> None:
    assert len(CAUGHT) >= 40
    assert len(CAUGHT) >= 9 * len(MISSED)
    guide = (ROOT / "docs" / "deploy.md").read_text()
    assert f"Of {len(CAUGHT) + len(MISSED)} defects" in guide
    assert f"it finds {len(CAUGHT)};" in guide


@pytest.mark.parametrize("missed", MISSED, ids=str)
def test_what_is_missed_is_named_in_the_guide(missed: Planted) -> None:
    assert missed.rule in (ROOT / "docs" / "deploy.md").read_text()
