"""How much a program may use, and how a worker process is held to it."""

import resource
from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of one execution; the defaults fit a laptop."""

    qubits: int = 26
    clifford_qubits: int = 1024
    shots: int = 1_000_000
    program_bytes: int = 16 * MEBIBYTE
    operations: int = 20_000_000
    """Operations executed, added up over all groups of shots that differ."""
    operations_of_a_shot: int = 1_000_000
    """Operations executed in one history of measured bits: what ends a loop that does not."""
    cpu_seconds: int = 60
    wall_seconds: float = 90.0
    memory_bytes: int = 6144 * MEBIBYTE


DEFAULT = Limits()


def bound_process(limits: Limits) -> None:
    """Hold this process to its memory; it writes no file and leaves no core dump."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def bound_next_job(limits: Limits) -> None:
    """Give this process so many seconds of CPU from now; the kernel ends it when they are used up."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + limits.cpu_seconds, hard))
