"""The operator's look at everything that is stored: `python -m quantum_jobs doctor`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from quantum_jobs import findings
from quantum_jobs.blob_storage import BlobStorage
from quantum_jobs.border import answering
from quantum_jobs.clock import now
from quantum_jobs.errors import QuantumJobsError, SettingsMissing
from quantum_jobs.examination import Bounds, Examination, Report
from quantum_jobs.findings import REPAIRS, Finding, Kind
from quantum_jobs.identity import operators_identity
from quantum_jobs.inventory import Inventory
from quantum_jobs.job_queue import DeliveriesQueue, JobQueue
from quantum_jobs.mending import Mender, NotMended
from quantum_jobs.retention import retention
from quantum_jobs.settings import Settings
from quantum_jobs.table_storage import TableStorage
from quantum_jobs.webhook_storage import WebhookStorage

HEALTHY, FINDINGS, CANNOT_LOOK = 0, 1, 2
_PATIENT_SECONDS = 2
_STORAGE_SCOPE = "https://storage.azure.com/.default"
_COLOURS = {"found": "\x1b[33m", "mended": "\x1b[32m", "failed": "\x1b[31m", "end": "\x1b[0m"}
_ABOUT = """Looks at every job, queue, blob and account of the service and tells what is wrong with them.

It reads the settings of the Functions app from the environment, or from a file with --settings, and acts as the
managed identity where there is one, else as whoever has signed in with `az login`. It scans: run it when something
is odd, or once a night, not with every request. It shows no program and no result, and reads what a provider answered
only to make a lost result again."""
_EXAMPLES = """what it tells, and what --mend does about it:
{kinds}

examples:
  python -m quantum_jobs doctor                              look; changes nothing
  python -m quantum_jobs doctor --mend                       say each repair, then do it
  python -m quantum_jobs doctor --redeliver                  send what webhooks were not told once more
  python -m quantum_jobs doctor --owner 7lhj... --json       one owner, for a program to read
  python -m quantum_jobs doctor --settings local.settings.json

exit code: 0 all is well (or mended), 1 something is wrong, 2 it could not look."""


class Paper:
    """Writes lines for people: colour on a terminal only, progress only where it takes long."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._began = self._last = time.monotonic()

    def line(self, text: str, colour: str = "") -> None:
        if not self._quiet:
            painted = f"{_COLOURS[colour]}{text}{_COLOURS['end']}" if colour and self._colour else text
            print(painted)

    def progress(self, records: int) -> None:
        moment = time.monotonic()
        if moment - self._began > _PATIENT_SECONDS and moment - self._last > 1:
            self._last = moment
            end = "\r" if sys.stderr.isatty() else "\n"
            print(f"looked at {records} records ...", end=end, file=sys.stderr, flush=True)


def main(arguments: Sequence[str], moment: datetime | None = None) -> int:
    """Look, tell, mend where asked to; give the exit code. `moment` is taken for the present one."""
    options = _parser().parse_args(arguments)
    paper = Paper(quiet=options.json)
    try:
        report = asyncio.run(_run(options, moment or now(), paper))
    except (QuantumJobsError, OSError) as error:
        print(f"doctor: {_reason(error)}", file=sys.stderr)
        return CANNOT_LOOK
    if options.json:
        print(json.dumps(_document(report)))
    _summary(report, paper, mending=options.mend or options.redeliver)
    return HEALTHY if len(report.mended) == len(report.findings) else FINDINGS


async def _run(options: argparse.Namespace, moment: datetime, paper: Paper) -> Report:
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # what failed is said in one line of ours
    settings = Settings.from_env(_environment(options.settings))
    bounds = Bounds(
        options.owner, options.max, timedelta(seconds=options.safety_age), retention(settings.result_retention_days)
    )
    table, blob, queue = (settings.storage_url(name) for name in ("table", "blob", "queue"))
    with ExitStack() as stack:
        credential: Any = stack.enter_context(operators_identity(settings.identity_client_id))
        with answering("The sign-in"):  # at once, not after the stores' own retries
            credential.get_token(_STORAGE_SCOPE)
        inventory = stack.enter_context(closing(Inventory(table, blob, queue, credential)))
        records = stack.enter_context(closing(TableStorage(table, credential)))
        blobs = stack.enter_context(closing(BlobStorage(blob, credential)))
        mender = Mender(
            inventory,
            records,
            blobs,
            stack.enter_context(closing(JobQueue(queue, credential))),
            stack.enter_context(closing(DeliveriesQueue(queue, credential))),
            stack.enter_context(closing(WebhookStorage(table, credential))),
            redelivers=options.redeliver,
        )
        report = await Examination(inventory, records, mender, bounds, moment).look(paper.progress)
        for finding in report.findings:
            paper.line(_line(finding), "found")
            if options.mend or (options.redeliver and finding.kind == Kind.UNDELIVERED):
                await _mend(mender, finding, report, paper)
    return report


async def _mend(mender: Mender, finding: Finding, report: Report, paper: Paper) -> None:
    repair = REPAIRS[finding.kind]
    if repair:
        paper.line(f"  will {repair} ...")
    try:
        await mender.mend(finding)
    except (NotMended, QuantumJobsError) as error:
        reason = getattr(error, "detail", None) or str(error)
        report.notes.append(f"{finding.kind} {finding.name} was not mended: {reason}.")
        paper.line(f"  not mended: {reason}", "failed")
    else:
        report.mended.append(finding)
        paper.line("  mended", "mended")


def _line(finding: Finding) -> str:
    owner = f" owner {finding.owner}" if finding.owner and finding.owner not in finding.name else ""
    return f"{finding.kind:<22} {finding.name}{owner}: {finding.detail}"


def _summary(report: Report, paper: Paper, *, mending: bool) -> None:
    for note in report.notes:
        paper.line(note)
    looked = ", ".join(f"{count} {name}" for name, count in report.looked_at.items())
    paper.line(f"Looked at {looked}.")
    found = len(report.findings)
    if not found:
        paper.line("All is well.", "mended")
    elif mending:
        paper.line(f"{found} findings, {len(report.mended)} mended.", "found")
    else:
        paper.line(f"{found} findings. Nothing was changed; --mend repairs what can be repaired.", "found")


def _reason(error: Exception) -> str:
    from azure.core.exceptions import ClientAuthenticationError

    said = str(getattr(error, "detail", None) or error)
    cause = error.__cause__
    # To callers it is never told why; an operator has to know that it is his own sign-in or right that is missing.
    return f"{said} {str(cause).splitlines()[0]}" if isinstance(cause, ClientAuthenticationError) else said


def _document(report: Report) -> Mapping[str, object]:
    return {
        "lookedAt": report.looked_at,
        "findings": [findings.document(item) | {"mended": item in report.mended} for item in report.findings],
        "notes": report.notes,
    }


def _environment(file: Path | None) -> Mapping[str, str]:
    """Give the settings: a file's `Values` under what the environment says."""
    if file is None:
        return os.environ
    try:
        values = dict[str, str](json.loads(file.read_text())["Values"])
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsMissing(f"{file} is not of the form of local.settings.json: {error!r}.") from error
    return values | os.environ


def _parser() -> argparse.ArgumentParser:
    kinds = "\n".join(f"  {kind:<22} {REPAIRS[kind] or 'nothing: a person has to'}" for kind in Kind)
    parser = argparse.ArgumentParser(
        prog="python -m quantum_jobs doctor",
        description=_ABOUT,
        epilog=_EXAMPLES.format(kinds=kinds),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--mend", action="store_true", help="repair what can be repaired safely, each step said before")
    either.add_argument("--dry-run", action="store_true", help="change nothing (the default)")
    parser.add_argument(
        "--redeliver", action="store_true", help="send undelivered events of webhooks again; alone or with --mend"
    )
    parser.add_argument("--owner", help="only this owner's jobs: the partition of its records")
    parser.add_argument("--max", type=int, default=1_000_000, metavar="RECORDS", help="read no more (default: 1000000)")
    parser.add_argument(
        "--safety-age", type=int, default=3600, metavar="SECONDS", help="leave younger orphans alone (default: 3600)"
    )
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings like local.settings.json")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    return parser
