"""The command that people and `make check` call."""

import os
from pathlib import Path

import pytest

from tools.bicep.__main__ import main
from tools.bicep.distil import documents
from tools.bicep.published import DATA

PUBLISHED = os.environ.get("BICEP_TYPES", "")


def _folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.bicep").write_text(text)
    return tmp_path


def test_a_finding_has_place_rule_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _folder(tmp_path, main="param size string\noutput x string = sise\n")
    assert main([str(folder)]) == 1
    shown = capsys.readouterr().out
    assert f"{folder}/main.bicep:2:19 symbol: there is no 'sise'; did you mean 'size'?" in shown


def test_it_says_that_it_is_no_compiler(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(_folder(tmp_path, main="output x string = 'y'\n"))]) == 0
    assert "no compiler" in capsys.readouterr().out


def test_a_folder_without_bicep_is_not_well(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2


def test_a_silenced_line_is_silent_and_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "#disable-next-line symbol\noutput x string = a\noutput y string = b\n"
    assert main([str(_folder(tmp_path, main=text))]) == 1
    shown = capsys.readouterr().out
    assert "'a'" not in shown
    assert "'b'" in shown


def test_exported_types_reach_who_imports_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    types = "@export()\ntype mode = 'a' | 'b'\ntype inner = string\n"
    text = "import { mode, inner } from 'types.bicep'\nparam m mode = 'c'\noutput x string = m\n"
    assert main([str(_folder(tmp_path, main=text, types=types))]) == 1
    shown = capsys.readouterr().out
    assert "main.bicep:2:16 value: 'c' is none of the known values" in shown
    assert "exports no 'inner'" in shown


def test_modules_that_need_each_other_do_not_hang(tmp_path: Path) -> None:
    one = "module other 'two.bicep' = {\n  name: 'two'\n}\n"
    two = "module other 'one.bicep' = {\n  name: 'one'\n}\n"
    assert main([str(_folder(tmp_path, one=one, two=two))]) == 1


@pytest.mark.skipif(not PUBLISHED, reason="BICEP_TYPES names no folder with the published types")
def test_the_committed_types_are_those_that_were_published(tmp_path: Path) -> None:
    import json
    import lzma

    assert documents(Path(PUBLISHED)) == json.loads(lzma.decompress(DATA.read_bytes()))
