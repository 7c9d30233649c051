"""What the processes of the local cloud take: processor time, memory, open files and threads, as Linux tells it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.errors import LocalCloudError

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Places in /proc/PID/stat after the name, which may have spaces and brackets in it: proc_pid_stat(5).
_PARENT, _USER, _SYSTEM = 1, 11, 12


class NotTold(LocalCloudError):
    """This system has no /proc."""


def taken(parts: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Give part -> pid, processor seconds, bytes of memory, open files, threads; `parts` are names and pids.

    Descendants that are no part count as `worker-1`, `worker-2`, in the order of their pids. Who ends meanwhile is
    left out.

    Raises:
        NotTold: the system does not tell.
    """
    if not (_PROC / "self" / "stat").exists():
        raise NotTold("What processes take is told on Linux only.")
    workers = enumerate(sorted(set(_descendants(os.getpid())) - set(parts.values())), 1)
    named = {**parts, **{f"worker-{number}": pid for number, pid in workers}}
    found = {name: _of(pid) for name, pid in named.items()}
    return {name: numbers for name, numbers in found.items() if numbers}


def _of(pid: int) -> dict[str, float]:
    folder = _PROC / str(pid)
    try:
        words = _stat(folder)
        memory = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmRSS:"))
        return {
            "pid": pid,
            "cpu_seconds": (int(words[_USER]) + int(words[_SYSTEM])) / _TICKS,
            "memory_bytes": int(memory.split()[1]) * 1024,
            "files": len(list((folder / "fd").iterdir())),
            "threads": len(list((folder / "task").iterdir())),
        }
    except (OSError, StopIteration):  # a process that has ended has no memory either
        return {}


def _stat(folder: Path) -> list[str]:
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _descendants(pid: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                children.setdefault(int(_stat(folder)[_PARENT]), []).append(int(folder.name))
            except OSError:
                continue
    waiting = [pid]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting += found
