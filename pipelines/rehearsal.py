"""A release in the small: the package alone, unpacked into a clean folder, in the local cloud, behind the gateway."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from pipelines.errors import PackageBroken
from pipelines.package import REPOSITORY, REQUIREMENTS

_ALONE = """
import sys
sys.path[:0] = sys.argv[1:]
import function_app
functions = function_app.app.get_functions()
outside = sorted(
    name for name, module in list(sys.modules.items())
    if (getattr(module, "__file__", None) or "").endswith(".py")
    and not any(module.__file__.startswith(place) for place in (sys.argv[1], sys.prefix, sys.base_prefix))
)
if outside:
    raise SystemExit(f"imported from outside the package: {', '.join(outside)}")
for name in sys.stdin.read().split():
    __import__(name)
print(f"{len(functions)} functions")
"""
# Loaded when a call needs them; a package without one of them starts, and fails in the night.
_LATER = (
    "azure.data.tables azure.identity azure.keyvault.secrets azure.quantum azure.storage.blob azure.storage.queue "
    "azure_functions_runtime jwt pyqir qdk.estimator qdk.openqasm urllib3"
)
_SECONDS_ALONE = 180
_SECONDS_REHEARSAL = 300


def rehearse(package: Path) -> None:
    """Start a package by itself and smoke-test it through the gateway.

    Raises:
        PackageBroken: it does not stand by itself, or the smoke test fails; what was printed says why.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        app, state = Path(folder) / "app", Path(folder) / "state"
        with zipfile.ZipFile(package) as archive:
            archive.extractall(app)
        # In Azure the app's settings stand beside the package, not in it; so do these.
        shutil.copy(REPOSITORY / "local.settings.json.example", app / "local.settings.json")
        print(f"imports with nothing beside it: {check_alone(app)}", flush=True)
        cloud = [sys.executable, "-m", "local", "run", "--app", str(app), "--state", str(state), "--"]
        smoke = [sys.executable, "-m", "pipelines", "smoke", "--seconds", "120"]
        done = subprocess.run(  # noqa: S603
            [*cloud, *smoke], cwd=REPOSITORY, check=False, timeout=_SECONDS_REHEARSAL
        )
        if done.returncode:
            raise PackageBroken(f"the package does not run in the local cloud (exit code {done.returncode}; see above)")


def check_alone(app: Path) -> str:
    """Import an app as Azure has it: an interpreter without our packages, in an empty environment.

    Raises:
        PackageBroken: the interpreter's last words.
    """
    python = Path(sys.base_prefix) / "bin" / "python3"
    command = [str(python), "-I", "-S", "-c", _ALONE, str(app), str(app / REQUIREMENTS)]
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    done = subprocess.run(  # noqa: S603
        command,
        cwd=app,
        env=environment | {"QDK_PYTHON_TELEMETRY": "none"},
        input=_LATER,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS_ALONE,
    )
    if done.returncode:
        raise PackageBroken(f"the package does not stand by itself: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip()
