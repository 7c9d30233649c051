"""What a run leaves: cases as JUnit, a summary in Markdown, files in the folder of artifacts."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from quantum.errors import QuantumBuildError
from quantum.screen import Screen


@dataclass(frozen=True)
class Case:
    """One program in one step; `failure` is None where it passed."""

    step: str
    program: str
    seconds: float
    detail: str
    failure: QuantumBuildError | None = None


@dataclass
class Report:
    """Collects cases, prints each as it ends, and writes artifacts into a folder."""

    folder: Path
    screen: Screen
    cases: list[Case] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def case(self, step: str, program: str, work: Callable[[], str]) -> None:
        """Do one piece of work and print what it gives; a failure is kept, not raised: all others are done as well."""
        started, detail, failure = time.monotonic(), "", None
        with self.screen.doing(f"{step} {program}"):
            try:
                detail = work()
            except QuantumBuildError as error:
                failure, detail = error, str(error)
        case = Case(step, program, time.monotonic() - started, detail, failure)
        self.cases.append(case)
        self.screen.case(step, program, detail, case.seconds, failed=failure is not None)

    @property
    def exit_code(self) -> int:
        """0 where all passed, else the gravest of the failures."""
        return max((case.failure.exit_code for case in self.cases if case.failure), default=0)

    def write(self, name: str, text: str) -> Path:
        """Write an artifact."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def write_json(self, name: str, value: Any) -> None:
        """Write an artifact as JSON."""
        self.write(name, json.dumps(value, indent=2) + "\n")

    def finish(self) -> None:
        """Write JUnit and summary, and show the summary where a pipeline asks for one."""
        self.write("junit.xml", self._junit())
        summary = self.write("summary.md", self._summary())
        if steps := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(steps).open("a") as file:
                file.write(self._summary())
        if os.environ.get("TF_BUILD"):
            print(f"##vso[task.uploadsummary]{summary.absolute()}")

    def _junit(self) -> str:
        root = ET.Element("testsuites", name="quantum")
        for step in dict.fromkeys(case.step for case in self.cases):
            cases = [case for case in self.cases if case.step == step]
            failures = str(sum(case.failure is not None for case in cases))
            suite = ET.SubElement(root, "testsuite", name=step, tests=str(len(cases)), failures=failures)
            for case in cases:
                took = f"{case.seconds:.3f}"
                element = ET.SubElement(suite, "testcase", classname=f"quantum.{step}", name=case.program, time=took)
                if case.failure:
                    ET.SubElement(element, "failure", message=case.detail.partition("\n")[0]).text = case.detail
                else:
                    ET.SubElement(element, "system-out").text = case.detail
        return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"

    def _summary(self) -> str:
        rows = [
            f"| {case.step} | {case.program} | {'**failed**' if case.failure else 'passed'} | {_cell(case.detail)} |"
            for case in self.cases
        ]
        head = ["## Quantum programs", "", "| step | program | | |", "|---|---|---|---|"]
        return "\n".join([*head, *rows, "", *self.notes]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")
