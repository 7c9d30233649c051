"""What is refused by name, with the reason and what to write instead."""

from local.apim.csharp import types
from local.apim.csharp.types import Type

NOT_ALLOWED = "not on API Management's list of allowed members, so the policy would not deploy"
NO_KEYS = "is null here, and on Azure too: the API asks for no subscription key; callers are known by their token"

UNNAMED = frozenset(
    {"Context", "Request", "Response", "Url", "Body", "LastError", "Api", "Operation", "Variables", "TextLists"}
    | {"Nullable", "[]"}
)
"""Types whose values expressions see, but which they cannot name."""

TYPES = {
    "CultureInfo": NOT_ALLOWED,
    "JsonSerializer": f"{NOT_ALLOWED}; use JObject and JArray",
    "JsonDocument": f"{NOT_ALLOWED}; use JObject.Parse",
    "JsonNode": f"{NOT_ALLOWED}; use JObject.Parse",
    "Regex": "regular expressions of .NET are not those of Python, so they are not run here; use the methods of string",
    "Environment": NOT_ALLOWED,
    "File": NOT_ALLOWED,
    "HttpClient": f"{NOT_ALLOWED}; use the policy send-request",
    "Task": NOT_ALLOWED,
    "Thread": NOT_ALLOWED,
    "Console": NOT_ALLOWED,
    "dynamic": "dynamic is not run here; name the type",
    "decimal": "decimal is not run here; use long or double",
    "float": "float is not run here; use double",
    "uint": "unsigned numbers are not run here; use int or long",
    "ulong": "unsigned numbers are not run here; use long",
    "short": "short is not run here; use int",
    "byte": "byte is not run here; use int",
}

MEMBERS = {
    ("Context", "User"): f"context.User {NO_KEYS}",
    ("Context", "Product"): f"context.Product {NO_KEYS}",
    ("Context", "Subscription"): f"context.Subscription {NO_KEYS}",
    ("Context", "Deployment"): "context.Deployment is not known to the local gateway",
    ("Context", "Tracing"): "context.Tracing is not known to the local gateway",
    ("Context", "Trace"): "context.Trace is not run here; use the policy trace",
    ("Request", "Certificate"): "client certificates are not known to the local gateway",
    ("string", "AsJwt"): "AsJwt reads a token without checking it; use the variable of validate-azure-ad-token",
    ("string", "AsBasic"): "AsBasic is not run here: callers are known by their token",
    ("string", "ToCharArray"): "not run here; index the string",
    ("DateTime", "TryParse"): NOT_ALLOWED,
    ("DateTime", "ParseExact"): NOT_ALLOWED,
    ("DateTime", "TryParseExact"): NOT_ALLOWED,
    ("DateTime", "Now"): "the local time of a gateway is chance; use DateTime.UtcNow",
    ("DateTimeOffset", "Now"): "the local time of a gateway is chance; use DateTimeOffset.UtcNow",
    ("string", "CompareTo"): "the order of texts depends on the culture of the gateway; use string.CompareOrdinal",
    ("string", "Compare"): "the order of texts depends on the culture of the gateway; use string.CompareOrdinal",
    ("JToken", "SelectTokens"): "not run here; use SelectToken, indexers or Where",
    ("object", "GetType"): "not run here; use `is`",
}

SYNTAX = {
    "this": "an expression belongs to no object: use context",
    "base": "an expression belongs to no object: use context",
    "assignment_expression": "an assignment is run only as a statement of its own",
    "throw_expression": "throw is not run here; use the policy return-response",
    "switch_expression": "switch expressions are newer than the C# 7 of policies; use ?:",
    "typeof_expression": "typeof is not run here; use `is`",
    "await_expression": "policies do not wait; await is not run here",
    "query_expression": "queries (from ... select) are not run here; use Where and Select",
    "checked_expression": "checked and unchecked are not run here",
    "anonymous_object_creation_expression": "anonymous objects are not run here; use JObject",
    "range_expression": "ranges are newer than the C# 7 of policies; use Substring",
    "implicit_object_creation_expression": "new() without a type is newer than the C# 7 of policies; name the type",
    "for_statement": "for is not run here, as it may never end; use foreach",
    "while_statement": "while is not run here, as it may never end; use foreach",
    "do_statement": "do is not run here, as it may never end; use foreach",
    "try_statement": "try is not run here; let the policy's on-error see it, or use TryParse",
    "switch_statement": "switch is not run here; use if and else",
    "throw_statement": "throw is not run here; use the policy return-response",
    "using_statement": "using is not run here",
    "local_function_statement": "functions inside an expression are not run here",
}


def conversion(source: Type, to: Type) -> str:
    """Say what would convert."""
    if to == types.STRING and source != types.VOID:
        if types.is_reference_conversion(source, types.J_TOKEN) or source == types.OBJECT:
            return "; write (string)(...) for text, or .ToString()"
        return "; write .ToString()"
    if source in (types.OBJECT, types.J_TOKEN, types.LONG, types.DOUBLE) and to in (types.INT, types.LONG, types.BOOL):
        return f"; write a cast: ({to})(...)"
    if source == types.STRING and to in (types.INT, types.LONG, types.BOOL, types.DOUBLE):
        return f"; write {to}.Parse(...)"
    if types.is_nullable(source):
        return "; say what stands for null: ... ?? value"
    return ""
