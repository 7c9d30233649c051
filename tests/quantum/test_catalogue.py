"""The catalogue refuses what would make its promises mean nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from quantum.catalogue import FOLDER, read_catalogue
from quantum.errors import CatalogueInvalid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER / "programs", tmp_path / "programs")
    shutil.copy(FOLDER / "budgets.json", tmp_path)
    return tmp_path


def changed(folder: Path, program: str, **members: Any) -> Path:
    file = folder / "budgets.json"
    document = json.loads(file.read_text())
    document["programs"][program].update(members)
    file.write_text(json.dumps(document))
    return file


def test_the_teams_own_catalogue_has_each_program_of_the_folder(folder):
    files = {program.file for program in read_catalogue(folder / "budgets.json").programs.values()}
    assert files == {f"programs/{file.name}" for file in (FOLDER / "programs").iterdir()}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"distribution": {"00": 0.5, "11": 0.4}}, "add up to 0.9"),
        ({"distribution": {"00": 0.5, "111": 0.5}}, "same number of bits"),
        ({"success": {"outcomes": ["00"], "at_least": 0.9}}, "promises 0.9, `distribution` gives 0.5"),
        ({"entry": None}, "has an `entry`"),
        ({"shot": 3}, "programs.bell.shot: Extra inputs"),
        ({"budget": {"qubits": 0, "t_states": 0, "runtime_ns": 1}}, "programs.bell.budget.qubits"),
        ({"file": "programs/none.qs"}, "the file of bell is not there: programs/none.qs"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(folder, members, message):
    with pytest.raises(CatalogueInvalid, match=message):
        read_catalogue(changed(folder, "bell", **members))


def test_a_catalogue_that_is_no_json_or_not_there_is_an_error_not_a_trace(folder):
    (folder / "budgets.json").write_text("{")
    with pytest.raises(CatalogueInvalid, match="Invalid JSON"):
        read_catalogue(folder / "budgets.json")
    with pytest.raises(CatalogueInvalid, match="No such file"):
        read_catalogue(folder / "other.json")


def test_an_unknown_program_is_refused_with_those_that_there_are(folder):
    with pytest.raises(CatalogueInvalid, match=r"no program 'bel'\. There are: bell, grover"):
        read_catalogue(folder / "budgets.json").chosen(["bell", "bel"])
