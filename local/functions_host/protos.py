"""The messages that the Functions runtime and its host exchange, as plain classes.

The runtime takes this module in place of generated protobuf code: it builds answers by keyword, reads attributes and
asks `WhichOneof`. None stands for "not set"; an unknown field is refused, so that a newer runtime fails loudly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import Any, ClassVar


@dataclass(slots=True, kw_only=True)
class RpcException:
    message: str = ""
    stack_trace: str = ""
    source: str = ""


@dataclass(slots=True, kw_only=True)
class StatusResult:
    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1
    Cancelled: ClassVar[int] = 2

    status: int = 0
    exception: RpcException | None = None


@dataclass(slots=True, kw_only=True)
class NullableString:
    value: str


@dataclass(slots=True, kw_only=True)
class NullableBool:
    value: bool


@dataclass(slots=True, kw_only=True)
class NullableDouble:
    value: float


@dataclass(slots=True, kw_only=True)
class Timestamp:
    seconds: int = 0
    nanos: int = 0


@dataclass(slots=True, kw_only=True)
class NullableTimestamp:
    value: Timestamp


SameSite = IntEnum("SameSite", [("None", 0), ("Lax", 1), ("Strict", 2), ("ExplicitNone", 3)])


@dataclass(slots=True, kw_only=True)
class RpcHttpCookie:
    SameSite: ClassVar[type[IntEnum]] = SameSite

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: int = 0
    max_age: NullableDouble | None = None


@dataclass(slots=True, kw_only=True)
class TypedData:
    """One value of one kind."""

    string: str | None = None
    json: str | None = None
    bytes: "bytes | None" = None
    http: "RpcHttp | None" = None
    int: "int | None" = None
    double: float | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Name the kind that is set, or None."""
        return next((kind for kind in self.__slots__ if getattr(self, kind) is not None), None)


@dataclass(slots=True, kw_only=True)
class RpcHttp:
    """A request (method, url, ...) or an answer (status_code, cookies, ...)."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: TypedData = field(default_factory=TypedData)
    status_code: str = ""
    cookies: Sequence[RpcHttpCookie] | None = None
    enable_content_negotiation: bool = False


@dataclass(slots=True, kw_only=True)
class ParameterBinding:
    name: str
    data: TypedData | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Name the kind of data; shared memory does not exist here."""
        return "data"


@dataclass(slots=True, kw_only=True)
class BindingInfo:
    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0

    type: str = ""
    data_type: int | None = None
    direction: int = 0


@dataclass(slots=True, kw_only=True)
class RpcRetryOptions:
    max_retry_count: int = 0
    retry_strategy: str = ""
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass(slots=True, kw_only=True)
class RpcFunctionMetadata:
    name: str
    function_id: str
    directory: str = ""
    script_file: str = ""
    entry_point: str = ""
    language: str = ""
    is_proxy: bool = False
    managed_dependency_enabled: bool = False
    bindings: Mapping[str, BindingInfo] = field(default_factory=dict)
    raw_bindings: Sequence[str] = ()
    retry_options: RpcRetryOptions | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class WorkerMetadata:
    runtime_name: str = ""
    runtime_version: str = ""
    worker_version: str = ""
    worker_bitness: str = ""
    custom_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class WorkerInitRequest:
    function_app_directory: str
    capabilities: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class WorkerInitResponse:
    result: StatusResult
    capabilities: Mapping[str, str] = field(default_factory=dict)
    worker_metadata: WorkerMetadata | None = None


@dataclass(slots=True, kw_only=True)
class FunctionMetadataResponse:
    result: StatusResult
    use_default_metadata_indexing: bool = False
    function_metadata_results: Sequence[RpcFunctionMetadata] | None = None


@dataclass(slots=True, kw_only=True)
class FunctionLoadRequest:
    function_id: str


@dataclass(slots=True, kw_only=True)
class FunctionLoadResponse:
    function_id: str
    result: StatusResult


@dataclass(slots=True, kw_only=True)
class RpcTraceContext:
    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RetryContext:
    retry_count: int = 0
    max_retry_count: int = 0
    exception: RpcException | None = None


@dataclass(slots=True, kw_only=True)
class InvocationRequest:
    invocation_id: str
    function_id: str
    input_data: Sequence[ParameterBinding] = ()
    trigger_metadata: Mapping[str, TypedData] = field(default_factory=dict)
    trace_context: RpcTraceContext = field(default_factory=RpcTraceContext)
    retry_context: RetryContext = field(default_factory=RetryContext)


@dataclass(slots=True, kw_only=True)
class InvocationResponse:
    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()


@dataclass(slots=True, kw_only=True)
class StreamingMessage:
    """One request under its own name, as the runtime unpacks it."""

    worker_init_request: WorkerInitRequest | None = None
    function_load_request: FunctionLoadRequest | None = None
    invocation_request: InvocationRequest | None = None


@dataclass(slots=True, kw_only=True)
class WorkerRequest:
    """What each entry point of the runtime takes."""

    request: StreamingMessage
    properties: Mapping[str, Any] = field(default_factory=dict)
