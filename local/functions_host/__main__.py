"""`python -m local.functions_host --app DIR` serves a function app; `check --app DIR` only loads and describes it."""

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from local.functions_host import logs
from local.functions_host.errors import HostError, LoadError
from local.functions_host.keys import keys_from


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    app_dir = Path(options.app).resolve()
    _hide_own_folder()
    logs.set_up(options.log_format)
    try:
        return _check(app_dir) if options.command == "check" else _serve(app_dir, options)
    except HostError as error:
        print(_explained(error), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.functions_host", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "check"], default="serve")
    parser.add_argument("--app", default=".", help="the folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="0 for a free one")
    parser.add_argument("--easy-auth", choices=["off", "allow-anonymous", "return-401"], default="off")
    parser.add_argument("--key", help="host key; default: FUNCTIONS_HOST_KEY, else a new one")
    parser.add_argument("--master-key", help="default: FUNCTIONS_MASTER_KEY, else a new one")
    parser.add_argument("--lenient-chunked", action="store_true", help="let bodies without Content-Length through")
    parser.add_argument("--log-format", choices=["text", "json"], default="text")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop at the end of standard input")
    return parser


def _serve(app_dir: Path, options: argparse.Namespace) -> int:
    from local.functions_host.server import serve

    keys = keys_from(
        master=options.master_key or os.environ.get("FUNCTIONS_MASTER_KEY"),
        host=options.key or os.environ.get("FUNCTIONS_HOST_KEY"),
    )
    serve(app_dir, options, keys)
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        # A function that hangs in a pool thread would keep the process: pools join even daemon threads at exit.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


def _check(app_dir: Path) -> int:
    from local.functions_host.check import check

    print(asyncio.run(check(app_dir)))
    return 0


def _hide_own_folder() -> None:
    """Drop the search path entry that `python -m` added: the app must see what it would see in Azure."""
    own = str(Path(__file__).resolve().parents[2])
    sys.path[:] = [entry for entry in sys.path if str(Path(entry or ".").resolve()) != own]


def _explained(error: HostError) -> str:
    details = f"\n{error.details}" if isinstance(error, LoadError) and error.details else ""
    return f"error: {error}{details}"


if __name__ == "__main__":
    raise SystemExit(main())
