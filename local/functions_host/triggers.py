"""The triggers of an app besides HTTP, and the queue outputs: built, started and stopped together."""

from collections.abc import Mapping, Sequence

from local.functions_host.errors import NotBuilt
from local.functions_host.functions import Binding, Function
from local.functions_host.invoker import Invoker
from local.functions_host.protos import TypedData
from local.functions_host.settings import HostSettings


class Triggers:
    def __init__(self, functions: Sequence[Function], settings: HostSettings, environment: Mapping[str, str]) -> None:
        for function in functions:
            if function.trigger.type != "httpTrigger" or any(output.type == "queue" for output in function.outputs):
                raise NotBuilt(f"function '{function.name}': queues and timers are not built yet.")

    def start(self, invoker: Invoker) -> None:
        pass

    def stop_taking(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def run_by_hand(self, invoker: Invoker, function: Function, text: str) -> None:
        pass

    async def send_output(self, function: Function, binding: Binding, value: TypedData) -> None:
        pass
