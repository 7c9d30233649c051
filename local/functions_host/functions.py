"""The functions of an app as the runtime indexed them, held against what this host can run."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.functions_host.errors import LoadError, NotBuilt
from local.functions_host.protos import RpcFunctionMetadata, RpcRetryOptions
from local.functions_host.settings import is_disabled

TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger")
OUTPUTS = ("http", "queue")
_NAME = re.compile(r"[a-z][a-z0-9_\-]{0,127}", re.IGNORECASE)  # functions-host: FunctionNameValidationRegex


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding with its raw properties (camel case, as in function.json)."""

    name: str
    type: str
    is_output: bool
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that this host can run."""

    name: str
    id: str
    trigger: Binding
    outputs: tuple[Binding, ...]
    retry: RpcRetryOptions | None
    is_disabled: bool
    script_file: str

    @property
    def auth_level(self) -> str:
        """Of an HTTP trigger: anonymous, function or admin."""
        return str(self.trigger.properties.get("authLevel") or "function").lower()

    @property
    def methods(self) -> frozenset[str]:
        """Of an HTTP trigger: upper-case method names, empty for all."""
        return frozenset(str(method).upper() for method in self.trigger.properties.get("methods") or ())


def functions_of(metadata: Iterable[RpcFunctionMetadata], environment: Mapping[str, str]) -> list[Function]:
    """Return the functions in the order in which the host matches them: by name, ignoring case.

    Raises:
        NotBuilt: a binding is of a type that this host does not run.
        LoadError: a name is not allowed.
    """
    functions = [_function(item, environment) for item in metadata]
    return sorted(functions, key=lambda function: function.name.lower())


def _function(item: RpcFunctionMetadata, environment: Mapping[str, str]) -> Function:
    if not _NAME.fullmatch(item.name):
        raise LoadError(
            f"function '{item.name}': a name starts with a letter and goes on with letters, digits, _ and -."
        )
    bindings = [_binding(item.name, raw) for raw in item.raw_bindings]
    return Function(
        name=item.name,
        id=item.function_id,
        trigger=_trigger(item.name, bindings),
        outputs=tuple(binding for binding in bindings if binding.is_output),
        retry=item.retry_options,
        is_disabled=is_disabled(item.name, environment),
        script_file=item.script_file,
    )


def _binding(function: str, raw: str) -> Binding:
    properties = json.loads(raw)
    is_output = str(properties.get("direction")).lower() == "out"
    binding = Binding(properties["name"], properties["type"], is_output, properties)
    if binding.type not in (OUTPUTS if is_output else TRIGGERS):
        kind = "output" if is_output else "trigger" if binding.type.lower().endswith("trigger") else "input"
        raise NotBuilt(
            f"function '{function}': {kind} binding '{binding.name}' of type {binding.type!r} is not built in the "
            f"local host. Built are the triggers {', '.join(TRIGGERS)} and the outputs {', '.join(OUTPUTS)}."
        )
    return binding


def _trigger(function: str, bindings: Sequence[Binding]) -> Binding:
    triggers = [binding for binding in bindings if not binding.is_output]
    if len(triggers) != 1:
        raise LoadError(f"function '{function}': exactly one trigger is needed, found {len(triggers)}.")
    return triggers[0]
