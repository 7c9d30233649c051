"""What is told of operations, and what must not be."""

from . import Defect

DEFECTS: dict[str, Defect] = {
    "the text of an error in its span": (
        "telemetry.py",
        "        record_exception=False,\n        set_status_on_exception=False,\n    ) as current:",
        "        record_exception=True,\n        set_status_on_exception=False,\n    ) as current:",
        "tests/test_telemetry.py",
    ),
    "the job of one operation told of the next": (
        "telemetry.py",
        "        _about.reset(token)",
        "        pass",
        "tests/test_telemetry.py",
    ),
    "a refused call counted as a failed one": (
        "telemetry.py",
        "        if status >= 500:",
        "        if status >= 400:",
        "tests/test_telemetry.py",
    ),
    "OpenTelemetry loaded by everybody": (
        "telemetry.py",
        '    return sys.modules.get(f"opentelemetry.{part}")',
        '    import importlib\n\n    return importlib.import_module(f"opentelemetry.{part}")',
        "tests/test_telemetry.py",
    ),
    "a job counted as ended at each look": (
        "measuring.py",
        "    if after.state.done and not before.state.done:",
        "    if after.state.done:",
        "tests/test_telemetry.py",
    ),
    "a repeated submit counted again": (
        "submitting.py",
        "        if not replayed:\n            measuring.submitted(made)",
        "        measuring.submitted(made)",
        "tests/test_telemetry.py",
    ),
    "each job of a loop a trace of its own": (
        "loops.py",
        "            with self._span.current() if self._span else contextlib.nullcontext():",
        "            with contextlib.nullcontext():",
        "tests/test_telemetry.py",
    ),
}
