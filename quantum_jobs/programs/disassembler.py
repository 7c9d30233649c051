"""The child that turns untrusted QIR bitcode on stdin into text on stdout; started by `qir_bitcode`.

It imports nothing of the service, limits itself before it looks at the input, and may end in any way.
"""

import resource
import sys

_MOST_BYTES = 16 * 2**20
_LIMITS = {
    resource.RLIMIT_CPU: 5,
    resource.RLIMIT_AS: 2**30,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NPROC: 0,
}


def main() -> int:
    """Read, disassemble, write; 1 if LLVM refuses the bitcode or the text is too long."""
    import pyqir

    for kind, most in _LIMITS.items():
        resource.setrlimit(kind, (most, most))
    try:
        module = pyqir.Module.from_bitcode(pyqir.Context(), sys.stdin.buffer.read())
        text = str(module) if module.verify() is None else ""
    except (ValueError, MemoryError):
        return 1
    data = text.encode()
    if not 0 < len(data) <= _MOST_BYTES:
        return 1
    sys.stdout.buffer.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
