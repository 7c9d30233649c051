"""All Bicep files of a folder, checked together."""

from pathlib import Path

from tools.bicep.analysis import Analysis
from tools.bicep.declarations import File, Variable, read_file
from tools.bicep.findings import Finding, Place
from tools.bicep.kinds import Thing
from tools.bicep.nodes import Object, Property


class Project:
    """Reads each file once, also where several others use it."""

    def __init__(self) -> None:
        self._known: dict[Path, Analysis] = {}

    def analysis(self, path: Path) -> Analysis:
        key = path.resolve()
        if key not in self._known:
            self._known[key] = Analysis(read_file(_short(path)), self)
        return self._known[key]

    def findings(self, folder: Path) -> list[Finding]:
        """Check every file under `folder`, and those that they use."""
        for path in sorted(folder.rglob("*.bicep")):
            self.analysis(path).check()
        values = [self._values(path) for path in sorted(folder.rglob("*.bicepparam"))]
        files = [*(item.file for item in self._known.values()), *values]
        return sorted({found for file in files for found in file.findings})

    def _values(self, path: Path) -> File:
        """Hold a file of parameters against the file that it is for."""
        file = read_file(_short(path))
        target = path.parent / (file.using or "")
        if not target.is_file():
            first = file.findings[0].place if file.findings else None
            if first is None:
                file.findings.append(
                    Finding(file.path, _start(), "using", "a file of parameters begins with `using 'main.bicep'`")
                )
            return file
        own = Analysis(file, self)
        wanted = Thing(target.name, self.analysis(target).parameters())
        given = [
            Property(item.place, item.name, item.value) for item in file.of(Variable).values() if item.value is not None
        ]
        own.checker.members(Object(_start(), tuple(given)), wanted.members, None, wanted.name, {})
        return file


def _start() -> Place:
    return Place(1, 1)


def _short(path: Path) -> Path:
    """The path as a reader would type it."""
    here = Path.cwd()
    path = path.resolve()
    return path.relative_to(here) if path.is_relative_to(here) else path
