"""The command of the gateway: `python -m local.apim`."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from local.apim.artifacts import Tree, read_tree
from local.apim.deployment import DEFAULT_TIER, NAMED_VALUES, name_and_value
from local.apim.errors import TreeRefused
from local.apim.shapes import TIERS
from local.ending import end_of_process
from local.errors import LocalCloudError
from local.names import REPOSITORY

EXAMPLES = """examples:
  python -m local.apim --check                       is every policy one that runs here exactly as it is deployed?
  python -m local.apim --check --tier consumption    what that tier would refuse
  python -m local.apim --port 7072 --backend functions=http://127.0.0.1:7071/v1 \\
      --named-value entra-tenant-id=... --named-value functions-app-id-uri=...

Send the header X-Apim-Local-Trace: 1 and the answer names every policy that ran. `python -m local up` starts the
gateway in front of the job API by itself.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        tree = read_tree(options.tree, _named_values(options))
        return _check(tree, options) if options.check else _serve(tree, options)
    except TreeRefused as refused:
        for fault in refused.faults:
            print(f"error: {fault}", file=sys.stderr)
        print(f"Nothing was started: {options.tree} is not run as it stands.", file=sys.stderr)
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.apim",
        description="Runs the policies of an API Management tree in front of a backend, or refuses to.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tree", type=Path, default=REPOSITORY / "apim", help="folder of APIOps artifacts (apim/)")
    parser.add_argument("--port", type=int, default=0, help="0 for a free one")
    pairs = {"type": name_and_value, "action": "append", "default": []}
    parser.add_argument("--backend", metavar="NAME=URL", help="where a backend really is", **pairs)  # type: ignore[arg-type]
    parser.add_argument("--named-value", metavar="NAME=VALUE", help="a named value of this deployment", **pairs)  # type: ignore[arg-type]
    parser.add_argument(
        "--tier", choices=TIERS, default=DEFAULT_TIER, help=f"whose rules hold (default: {DEFAULT_TIER})"
    )
    parser.add_argument("--cache", choices=["on", "off", "failing"], default="on", help="how the cache behaves")
    parser.add_argument("--check", action="store_true", help="load the tree, say what it holds, and stop")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop at the end of standard input")
    return parser


def _named_values(options: argparse.Namespace) -> dict[str, str]:
    """Give the named values of the command line; a check alone takes those of the local cloud for what is missing."""
    given = dict(options.named_value)
    if not options.check:
        return given
    return {**NAMED_VALUES, **given}


def _check(tree: Tree, options: argparse.Namespace) -> int:
    from local.apim.loading import load

    program = load(tree, options.tier)
    operations = sum(len(api.operations) for api in tree.apis)
    print(
        f"{options.tree}: {len(tree.apis)} API, {operations} operations, {len(tree.fragments)} fragments, "
        f"{len(program.policies)} policies; every one runs here as deployed (tier {options.tier})"
    )
    return 0


def _serve(tree: Tree, options: argparse.Namespace) -> int:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(tree, options))
    return 0


async def _run(tree: Tree, options: argparse.Namespace) -> None:
    from local.apim.services import gateway
    from local.web import WebServer, listening_socket

    stop = end_of_process(with_parent=options.stop_with_parent)
    async with gateway(
        tree, tier=options.tier, cache=options.cache, backends=dict(options.backend), environment=os.environ
    ) as application:
        with listening_socket(options.port) as listening:
            server = WebServer(application)
            await server.start(listening)
            print(f"ready http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
            await stop.wait()
            await server.stop()


if __name__ == "__main__":
    raise SystemExit(main())
