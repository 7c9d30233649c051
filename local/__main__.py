"""The command of the local cloud: `python -m local`."""

import argparse
import asyncio
import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.apim.deployment import DEFAULT_TIER, GatewayOptions, name_and_value
from local.apim.shapes import TIERS
from local.errors import CommandNotRunnable, LocalCloudError, PortInUse
from local.names import AUDIENCE, QUANTUM_HOSTS, REPOSITORY, ROLES
from local.state import DEFAULT_FOLDER, State

if TYPE_CHECKING:
    from local.cloud import Cloud, Progress

EXAMPLES = """examples:
  python -m local up                            start everything, show where it is, stop at Ctrl-C
  python -m local up --port 7071 --data .data   the job API on a fixed port, storage that outlives a stop
  python -m local run -- python script.py       an Azure Quantum script, unchanged, against the local cloud
  python -m local azure-quantum                 the quantum workspace alone; see its --help
  python -m local run -- pytest tests           any program; its exit code is passed on
  python -m local token --as alice              a bearer token of a test caller, for curl
  python -m local webhooks                      receive its events, a line for each (in a shell of `run`)
  python -m local telemetry                     receive its telemetry, a line for each span
  python -m local check                         load function_app.py as Azure would and say what is wrong

Inside `run` a program finds Azure's own names: eastus.quantum.azure.com, the storage account, the key vault and the
managed identity; QUANTUM_JOBS_URL and QUANTUM_JOBS_TOKEN lead to the job API. Over https, no other host can be reached.

Faults at the wire, while it runs (all members: local/README.md, "Faults at the wire"):
  curl -X PUT $LOCAL_CONTROL_URL/control/faults -d '{"faults": [
    {"service": "table", "do": "status", "status": 503, "next": 5}, {"service": "blob", "do": "hang"}]}'
"""


QUANTUM_EXAMPLES = """examples:
  python -m local azure-quantum                          start it, show the connection string, stop at Ctrl-C
  python -m local azure-quantum --data .data             jobs, sessions and blobs outlive a stop
  python -m local azure-quantum --time-scale 1           queues as long as the real ones
  python -m local azure-quantum --kind V2                a workspace of the newer kind: other status words, other host
  python -m local azure-quantum --script trouble.toml    targets that queue long, fail or are away
  python -m local run --no-functions -- python script.py a script, unchanged, in a workspace of its own

a script of behaviour (PUT the same as JSON to $LOCAL_CONTROL_URL/control/script to change it meanwhile):
  [targets."quantinuum.qpu.h2-1"]
  queue_seconds = 3600
  failure_rate = 0.1
  fail_next = 2
  failure = { code = "ProviderTimeout", message = "The device did not answer." }
  availability = "Degraded"
"""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code."""
    own, separator, command = _split(arguments)
    parser = _parser()
    options = parser.parse_args(own)
    if bool(separator) != (options.action is _run) or (separator and not command):
        parser.error("`run` needs a command after --, as in: python -m local run -- python script.py")
    options.command = command
    try:
        if command and shutil.which(command[0]) is None:
            raise CommandNotRunnable(f"{command[0]} cannot be run: there is no such program.")
        code: int = options.action(options)
    except LocalCloudError as error:
        print(f"local: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return code


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return list(arguments[:place]), list(arguments[place : place + 1]), list(arguments[place + 1 :])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="The Azure services that Quantum Jobs uses, on this machine, without an account.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start the cloud and keep it running")
    up.set_defaults(action=_up)
    up.add_argument("--json", action="store_true", help="one line of JSON when ready; stop when stdin closes")

    run = commands.add_parser("run", help="run a program inside a cloud of its own", usage="%(prog)s [...] -- COMMAND")
    run.set_defaults(action=_run)
    quantum = commands.add_parser(
        "azure-quantum",
        help="start the quantum workspace alone and say how a program reaches it",
        description="An Azure Quantum workspace on this machine, with its storage and identity, that runs programs.",
        epilog=QUANTUM_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    quantum.set_defaults(action=_azure_quantum, no_functions=True, port=0, app=REPOSITORY)
    quantum.add_argument("--json", action="store_true", help="one line of JSON when ready; stop when stdin closes")
    quantum.add_argument("--data", type=Path, help="folder for jobs, sessions and blobs (default: in memory)")
    for command in (up, run, quantum):
        command.add_argument("--time-scale", type=_scale, help="seconds that a second of a real queue lasts: 0.001")
        command.add_argument("--script", type=Path, help="TOML file: how targets queue, fail and are available")
        command.add_argument(
            "--kind", choices=tuple(QUANTUM_HOSTS), default="V1", help="of the quantum workspace: V1 or V2"
        )

    for command in (up, run):
        command.add_argument("--port", type=int, default=0, help="port of the job API (default: a free one)")
        command.add_argument("--data", type=Path, help="folder for what is stored (default: in memory)")
        command.add_argument("--app", type=Path, default=REPOSITORY, help="folder of the Functions app (default: ours)")
        command.add_argument("--no-functions", action="store_true", help="leave the Functions host and the gateway out")
        command.add_argument("--tier", choices=TIERS, default=DEFAULT_TIER, help="whose rules the gateway keeps")
        command.add_argument("--cache", choices=["on", "off", "failing"], default="on", help="the gateway's cache")
        command.add_argument(
            "--no-limits", action="store_true", help="the gateway lets everybody call as often as he likes"
        )
        command.add_argument(
            "--named-value",
            type=name_and_value,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="of the gateway",
        )

    token = commands.add_parser("token", help="print a bearer token of a test caller")
    token.set_defaults(action=_token)
    token.add_argument("--as", dest="caller", default="demo", help="demo, alice, bob, operator or outsider")
    token.add_argument("--role", action="append", choices=ROLES, help="instead of the caller's own; may be repeated")
    token.add_argument("--audience", default=AUDIENCE, help="whom the token is for (default: the job API)")
    for command in (up, run, quantum, token):
        command.add_argument("--state", type=Path, default=DEFAULT_FOLDER, help="folder for keys and logs")

    hooks = commands.add_parser("webhooks", help="receive the job API's events and print a line for each")
    hooks.set_defaults(action=_webhooks)
    hooks.add_argument("--port", type=int, default=0, help="where to listen on loopback (default: a free port)")
    hooks.add_argument("--secret-file", type=Path, help="file with the webhook's secret: verify each event with it")
    hooks.add_argument("--status", type=int, default=204, help="what to answer events with (default: 204)")
    hooks.add_argument("--state", type=Path, default=_state_of_cloud(), help="folder with the cloud's certificates")

    telemetry = commands.add_parser("telemetry", help="receive the job API's spans and print a line for each")
    telemetry.set_defaults(action=_telemetry)
    telemetry.add_argument("--port", type=int, default=0, help="where to listen on loopback (default: a free port)")

    check = commands.add_parser("check", help="load a Functions app and say what is wrong with it")
    check.set_defaults(action=_check)
    check.add_argument("folder", nargs="?", type=Path, default=Path(), help="folder of the app (default: this one)")
    return parser


def _up(options: argparse.Namespace) -> int:
    from local.supervisor import up

    cloud = _cloud(options, _no_progress if options.json else _print_row)
    return _supervise(up(cloud, as_json=options.json))


def _azure_quantum(options: argparse.Namespace) -> int:
    from local.greeting import greeting
    from local.supervisor import up

    cloud = _cloud(options, _no_progress if options.json else _print_row)
    return _supervise(up(cloud, as_json=options.json, greet=greeting))


def _scale(text: str) -> float:
    scale = float(text)
    if not 0 <= scale <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1000")
    return scale


def _run(options: argparse.Namespace) -> int:
    from local.supervisor import run

    shows = sys.stderr.isatty()
    cloud = _cloud(options, _show_progress if shows else _no_progress)
    clear = _clear_progress if shows else lambda: None
    try:
        return _supervise(run(cloud, options.command, ready=clear))
    except LocalCloudError:
        clear()
        raise


def _cloud(options: argparse.Namespace, progress: "Progress") -> "Cloud":
    from local.cloud import Cloud

    state = State(options.state)
    _log_to(state)
    app = None if options.no_functions else options.app.absolute()
    return Cloud(
        state,
        data=options.data,
        app=app,
        port=options.port,
        progress=progress,
        time_scale=options.time_scale,
        script=options.script,
        kind=options.kind,
        gateway=_gateway(options),
    )


def _gateway(options: argparse.Namespace) -> GatewayOptions | None:
    if options.no_functions:
        return None
    return GatewayOptions(not options.no_limits, dict(options.named_value), options.tier, options.cache)


def _supervise(work: Coroutine[Any, Any, int]) -> int:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _log_to(state: State) -> None:
    log = io.TextIOWrapper(state.open_log("cloud"), write_through=True)
    logging.basicConfig(stream=log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _no_progress(part: str, where: str, seconds: float) -> None:
    """Say nothing."""


def _print_row(part: str, where: str, seconds: float) -> None:
    print(f"  {part:<12} {where:<62} {seconds:4.1f} s", flush=True)


def _show_progress(part: str, where: str, seconds: float) -> None:
    print(f"\r\x1b[KStarting the local cloud: {part} is up ({seconds:.1f} s)", end="", file=sys.stderr, flush=True)


def _clear_progress() -> None:
    print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _token(options: argparse.Namespace) -> int:
    from local.callers import caller, token
    from local.issuer import Issuer

    state = State(options.state)
    who = caller(state, options.caller)
    print(token(Issuer.of(state), who, audience=options.audience, roles=options.role))
    return 0


def _webhooks(options: argparse.Namespace) -> int:
    from local.webhooks import serve

    try:
        return _supervise(serve(State(options.state), options.port, options.secret_file, options.status))
    except OSError as error:
        raise PortInUse(options.port) from error


def _telemetry(options: argparse.Namespace) -> int:
    from local.telemetry import serve

    try:
        return _supervise(serve(options.port))
    except OSError as error:
        raise PortInUse(options.port) from error


def _state_of_cloud() -> Path:
    """Give the folder of the cloud that this process runs in, where it does: its services trust that authority only."""
    inside = "LOCAL_CONTROL_URL" in os.environ and os.environ.get("SSL_CERT_FILE")
    return Path(inside).parent if inside else DEFAULT_FOLDER


def _check(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "local.functions_host", "check", "--app", str(options.folder)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
