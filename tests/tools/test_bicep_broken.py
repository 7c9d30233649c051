"""Whatever is wrong with a file, the checker says so and does not break."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.bicep.project import Project

ROOT = Path(__file__).parents[2]
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "infra").rglob("*.bicep"))
WORDS = {path: list(re.finditer(r"\w+|[^\w\s]", (ROOT / path).read_text())) for path in FILES}


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[Path, str]:
    """A file of infra/ in which some words are taken out or stand for others."""
    path = draw(st.sampled_from(FILES))
    text, words = (ROOT / path).read_text(), WORDS[path]
    places = draw(st.sets(st.integers(0, len(words) - 1), min_size=1, max_size=3))
    for place in sorted(places, reverse=True):
        other = draw(st.sampled_from(["", *(word.group() for word in words[:: max(1, len(words) // 50)])]))
        text = text[: words[place].start()] + other + text[words[place].end() :]
    return path, text


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "infra", folder / "infra")
    (folder / "apim").symlink_to(ROOT / "apim")
    return folder


@settings(max_examples=60, deadline=None)
@given(spoilt())
def test_a_spoilt_file_never_breaks_it(copy: Path, changed: tuple[Path, str]) -> None:
    path = copy / changed[0]
    before = path.read_text()
    path.write_text(changed[1])
    try:
        Project().analysis(path).check()
    finally:
        path.write_text(before)


@pytest.mark.parametrize("text", ["", "// nothing\n", "{", "var x =", "param", "@", "resource a 'b' = {}", "\x00"])
def test_a_file_that_is_hardly_one_never_breaks_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "main.bicep").write_text(text)
    Project().findings(tmp_path)
