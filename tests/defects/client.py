"""The client of an application: turns, caches, loops that survive their process."""

from . import Defect

_CLIENT = "tests/test_client.py"
_THROTTLES = "tests/test_throttles.py"
_CACHES = "tests/test_result_caches.py"
_CHECKPOINTS = "tests/test_checkpoints.py"
_DEATHS = "tests/faults/test_loop_deaths.py"

DEFECTS: dict[str, Defect] = {
    "a place in the throttle that a refused submit keeps": (
        "async_client.py",
        "        except BaseException:\n            self._parts.throttle.leave(request.target)\n",
        "        except BaseException:\n",
        _CLIENT,
    ),
    "a place in the throttle that a finished job keeps": (
        "async_client.py",
        "                self._parts.throttle.leave(place)\n",
        "                pass\n",
        _CLIENT,
    ),
    "who has most submits waiting goes first": (
        "throttles.py",
        "    who = next(iter(waiting))\n",
        "    who = max(waiting, key=lambda one: len(waiting[one]))\n",
        _THROTTLES,
    ),
    "a turn that is lost with who gave up": (
        "throttles.py",
        "            if turn.done() and not turn.cancelled():\n                self.leave(target)\n",
        "",
        _THROTTLES,
    ),
    "results that never grow old": ("result_caches.py", "> self._most_seconds", "< 0", _CACHES),
    "a result half written under its name": (
        "result_caches.py",
        "            Path(temporary).replace(self._folder / name)\n        except OSError:\n",
        (
            "            Path(temporary).replace(self._folder / name)\n        except OSError:\n"
            "            Path(temporary).replace(self._folder / name)\n"
        ),
        _CACHES,
    ),
    "seeds that make no difference to the cache": (
        "submitting.py",
        "(request.target, request.shots, request.seed, request.submission.provider_options)",
        "(request.target, request.shots, request.submission.provider_options)",
        _CLIENT,
    ),
    "a submit that is ended by who shared it": (
        "reuse.py",
        "            return await asyncio.shield(task)\n",
        "            return await task\n",
        _CLIENT,
    ),
    "one key for all places of a loop": (
        "loops.py",
        'f"{self._checkpoint.run}/{place}/{attempt}"',
        'f"{self._checkpoint.run}/{attempt}"',
        _CLIENT,
    ),
    "keys of a loop that the next process does not know": (
        "loops.py",
        'f"{self._checkpoint.run}/{place}/{attempt}"',
        'f"{id(self)}/{place}/{attempt}"',
        _DEATHS,
    ),
    "a result that is given before it is in the checkpoint": (
        "loops.py",
        "        await self._loop.keep(self._place, self._fingerprint, result)\n",
        "",
        _CLIENT,
    ),
    "a checkpoint that takes any program for its own": (
        "checkpoints.py",
        "        if entry.fingerprint != fingerprint:\n",
        "        if False:\n",
        _CHECKPOINTS,
    ),
    "a line written onto half a line": (
        "checkpoints.py",
        '(b"\\n" if checkpoint.torn else b"")',
        'b""',
        _CHECKPOINTS,
    ),
    "a loop's budget that running jobs do not count against": (
        "loops.py",
        "- self.spent.micros - held, 0",
        "- self.spent.micros, 0",
        _CLIENT,
    ),
    "jobs of a dead process that nobody looks after": (
        "async_client.py",
        "        if replayed:\n            await self._adopt(job)\n",
        "",
        _CLIENT,
    ),
    "a bill that leaves out what is not known": ("results.py", " if all(costs) else None", "", _CACHES),
}
