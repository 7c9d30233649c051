"""The Functions runtime on an event loop of its own: index an app, invoke its functions."""

import asyncio
import contextlib
import logging
import os
import re
import sys
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.functions_host import protos
from local.functions_host.errors import LoadError, NotBuilt

_SCRIPT_SETTING = "PYTHON_SCRIPT_FILE_NAME"
_RUNTIME = "azure_functions_runtime"
_HTTP_URI = "HttpUri"  # the capability that asks the host to proxy streams
_busy = threading.Lock()  # the runtime keeps its functions in module globals: one app per process at a time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one invocation gave; `error` is empty on success."""

    return_value: protos.TypedData | None = None
    outputs: Mapping[str, protos.TypedData] = field(default_factory=dict)
    error: str = ""
    stack_trace: str = ""


class Worker:
    """One app in this process.

    `load` changes the working folder and the module search path, as the real worker does; `stop` puts both back.
    """

    def __init__(self, app_dir: Path) -> None:
        self._app_dir = app_dir.resolve()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="functions-worker", daemon=True)
        self._restore = contextlib.ExitStack()

    def load(self) -> Sequence[protos.RpcFunctionMetadata]:
        """Import the app and index its functions; blocks.

        Raises:
            LoadError: another app is loaded in this process, or this one cannot be.
        """
        if not _busy.acquire(blocking=False):
            raise LoadError("a function app is loaded in this process already; the runtime holds one at a time.")
        self._restore.callback(_busy.release)
        try:
            self._enter_folder()
            self._loop = asyncio.new_event_loop()
            self._thread.start()
            self._restore.callback(self._end_loop)
            with _silenced():
                return self.submit(self._index()).result()
        except BaseException:
            self._restore.close()
            raise

    def stop(self) -> None:
        """End the loop and forget the app, so that another can be loaded."""
        self._restore.close()

    def submit[T](self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the worker's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def invoke(self, request: protos.InvocationRequest) -> Outcome:
        """Run one invocation; call it on the worker's loop."""
        import azure_functions_runtime as runtime

        runtime.invocation_id_cv.set(request.invocation_id)
        answer = await runtime.invocation_request(_wrapped(invocation_request=request))
        if answer.result.status == protos.StatusResult.Success:
            return Outcome(answer.return_value, {item.name: item.data for item in answer.output_data})
        _, own_trace = self._own_frames(answer.result.exception.stack_trace)
        return Outcome(
            error=answer.result.exception.message, stack_trace=own_trace or answer.result.exception.stack_trace
        )

    async def _index(self) -> Sequence[protos.RpcFunctionMetadata]:
        import azure_functions_runtime as runtime

        runtime.start_threadpool_executor()
        # The pool is left to finish by itself: a function that hangs in a thread must not hold up the end.
        self._restore.callback(_end_thread_pool)
        request = protos.WorkerInitRequest(function_app_directory=str(self._app_dir))
        answer = await runtime.worker_init_request(_wrapped(worker_init_request=request))
        if answer.result.status != protos.StatusResult.Success:
            raise self._load_error(answer.result.exception)
        if _HTTP_URI in answer.capabilities:
            raise NotBuilt(
                "the app streams HTTP (azurefunctions-extensions-http-fastapi), which the local host does not run."
            )
        return await self._metadata()

    async def _metadata(self) -> Sequence[protos.RpcFunctionMetadata]:
        import azure_functions_runtime as runtime

        answer: protos.FunctionMetadataResponse = await runtime.functions_metadata_request(_wrapped())
        found = answer.function_metadata_results
        if not found:
            script = self._app_dir / _script()
            raise LoadError(f"{script} {'defines an app without functions' if script.exists() else 'does not exist'}.")
        for item in found:
            request = protos.FunctionLoadRequest(function_id=item.function_id)
            await runtime.function_load_request(_wrapped(function_load_request=request))
        return found

    def _enter_folder(self) -> None:
        self._restore.callback(os.chdir, Path.cwd())
        os.chdir(self._app_dir)
        self._restore.callback(sys.path.__setitem__, slice(None), list(sys.path))
        # Another app's script on the path, or imported already, would be taken for this one's.
        sys.path[:] = [entry for entry in sys.path if not self._shadows(Path(entry or "."))]
        packages = self._app_dir / ".python_packages" / "lib" / "site-packages"
        if packages.is_dir():
            sys.path.insert(0, str(packages))
        if str(self._app_dir) not in sys.path:
            sys.path.append(str(self._app_dir))  # the worker puts the app last
        others = {name: sys.modules.pop(name) for name in (_script().stem,) if name in sys.modules}
        self._restore.callback(sys.modules.update, others)
        self._restore.callback(self._forget_modules, set(sys.modules))

    def _shadows(self, entry: Path) -> bool:
        return (entry / _script()).exists() and entry.resolve() != self._app_dir

    def _forget_modules(self, before: set[str]) -> None:
        """Drop what the app brought in from its own folder, and the runtime with the functions it remembers."""
        own_package = __name__.partition(".")[0]
        for name in [name for name in sys.modules if name.partition(".")[0] == _RUNTIME]:
            del sys.modules[name]
        for name in set(sys.modules) - before:
            if name.partition(".")[0] != own_package and self._is_of_app(getattr(sys.modules[name], "__file__", None)):
                del sys.modules[name]

    def _is_of_app(self, file: str | None) -> bool:
        return bool(file) and Path(str(file)).is_relative_to(self._app_dir) and "site-packages" not in str(file)

    def _load_error(self, exception: protos.RpcException) -> LoadError:
        message = re.sub(
            r"\. Cannot find module\. Please check the requirements\.txt.*", ".", exception.message, flags=re.DOTALL
        )
        where, details = self._own_frames(exception.stack_trace)
        return LoadError(message, where=where or self._where_defined(message), details=details)

    def _own_frames(self, stack_trace: str) -> tuple[str, str]:
        """Find the innermost line of the app in a traceback, and the traceback from the app's first line on."""
        lines = _without_reraise(stack_trace).splitlines()
        frames = [(i, re.match(r'\s*File "(.+?)", line (\d+)', line)) for i, line in enumerate(lines)]
        own = [(i, match) for i, match in frames if match and self._is_of_app(match[1])]
        if not own:
            return "", ""
        last = own[-1][1]
        return f"{self._relative(last[1])}:{last[2]}", "\n".join(lines[own[0][0] :])

    def _relative(self, file: str) -> str:
        return str(Path(file).relative_to(self._app_dir))

    def _where_defined(self, message: str) -> str:
        """Find the line of the function that a message of the runtime names."""
        named = re.search(r"cannot load the (\S+) function", message)
        for function in _user_functions() if named else ():
            if named and function[0] == named[1] and self._is_of_app(function[1]):
                return f"{self._relative(function[1])}:{function[2]}"
        return ""

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        with contextlib.suppress(RuntimeError):
            self._loop.run_until_complete(self._cancel_rest())
        self._loop.close()

    async def _cancel_rest(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep the runtime from logging what is raised as an error anyway, with the whole search path in it."""
    logger = logging.getLogger("azure.functions")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _wrapped(**request: Any) -> protos.WorkerRequest:
    return protos.WorkerRequest(
        request=protos.StreamingMessage(**request), properties={"protos": protos, "host": "127.0.0.1"}
    )


def _without_reraise(stack_trace: str) -> str:
    """Drop the last part of a chain when it is the runtime's own, an ImportError said again with the search path."""
    before, _, last = stack_trace.rpartition("\nDuring handling of the above exception")
    return before if "extend_exception_message" in last else stack_trace


def _script() -> Path:
    return Path(os.environ.get(_SCRIPT_SETTING) or "function_app.py")


def _end_thread_pool() -> None:
    import azure_functions_runtime as runtime

    pool = runtime.get_threadpool_executor()
    if pool is not None:
        pool.shutdown(wait=False, cancel_futures=True)


def _user_functions() -> list[tuple[str, str, int]]:
    """Name, file and first line of each function of the app that was imported last."""
    from azure.functions import FunctionRegister

    script = _script().stem
    members = vars(sys.modules[script]).values() if script in sys.modules else ()
    apps = [member for member in members if isinstance(member, FunctionRegister)]
    for app in apps:
        app.functions_bindings = {}  # else the app takes its own functions for duplicates when asked again
    codes = [(f.get_function_name(), f.get_user_function().__code__) for app in apps for f in app.get_functions()]
    return [(name, code.co_filename, code.co_firstlineno) for name, code in codes]
