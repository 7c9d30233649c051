"""The second oracle of policy expressions: Debian's C# compiler and Mono, which share no line with the gateway."""

import json
import re
import shutil
import subprocess
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STUB = Path(__file__).parent / "stub.cs"
NEWTONSOFT = Path("/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll")
ABSENT = "mono-mcs is absent: apt-get install mono-mcs libnewtonsoft-json5.0-cil"
NAMESPACES = ("System", "System.Collections.Generic", "System.Linq", "System.Text", "Newtonsoft.Json")
USINGS = " ".join(f"using {name};" for name in (*NAMESPACES, "Newtonsoft.Json.Linq"))
FAULT = re.compile(r"case\((\d+),\d+\+?\): error (.*)$", re.MULTILINE)

Value = tuple[str, str]
"""A value as both sides tell it: its C# type and its text; or `throws` and the exception's name."""


def is_present() -> bool:
    return bool(shutil.which("mcs") and shutil.which("mono") and NEWTONSOFT.exists())


@dataclass(frozen=True)
class Case:
    """An expression `@(...)` or `@{...}` and the C# type that it is wanted as."""

    text: str
    wanted: str = "object"


def _method(number: int, case: Case) -> str:
    """Write a case as a method; its line number is its own, so that the compiler's errors name it."""
    text = case.text.strip().replace("\n", " ")
    body = text[1:] if text.startswith("@{") else f"{{ return {text[1:]}; }}"
    return f'#line {number + 1} "case"\npublic static {case.wanted} M{number}(Context context) {body}\n#line hidden'


def _program(cases: list[Case], without: AbstractSet[int]) -> str:
    methods = "\n".join(
        _method(number, Case("@(null)") if number in without else case) for number, case in enumerate(cases)
    )
    table = ", ".join(f"context => M{number}(context)" for number in range(len(cases)))
    return (
        f"{USINGS}\npublic static class Cases {{\n{methods}\n"
        f"public static Func<Context, object>[] All() {{ return new Func<Context, object>[] {{ {table} }}; }}\n}}\n"
    )


def compile_cases(cases: list[Case], folder: Path) -> dict[int, str]:
    """Compile all cases into `cases.exe`; give the compiler's complaint for each that is not C#.

    What the compiler finds while it parses hides what it would find later, so it is asked again without those cases.
    """
    faults: dict[int, str] = {}
    while new := _faults(cases, faults.keys(), folder):
        faults |= new
    return faults


def _faults(cases: list[Case], known: AbstractSet[int], folder: Path) -> dict[int, str]:
    source = folder / "cases.cs"
    source.write_text(_program(cases, known))
    command = ["mcs", "-langversion:7", "-nologo", "-nowarn:0162,0168,0219,0252,0253,0464,0472,1717,1718,0183,0184"]
    made = subprocess.run(
        [*command, f"-r:{NEWTONSOFT}", f"-out:{folder / 'cases.exe'}", str(STUB), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    faults = {int(line) - 1: complaint for line, complaint in FAULT.findall(made.stderr + made.stdout)}
    assert faults.keys() - known or made.returncode == 0, made.stderr
    return faults


def run_cases(contexts: list[dict[str, Any]], folder: Path) -> dict[tuple[int, int], Value]:
    """Run the compiled cases; give the value of each case (first index) in each context (second)."""
    described = folder / "contexts.json"
    described.write_text(json.dumps(contexts))
    environment = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    ran = subprocess.run(
        ["mono", str(folder / "cases.exe"), str(described)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return {(case, context): (shown[0], shown[1]) for case, context, shown in map(json.loads, ran.stdout.splitlines())}
