"""Bicep's functions: how many arguments each takes, and what kind of value it gives."""

import re
from dataclasses import dataclass
from typing import Final

from tools.bicep.kinds import ANY, ARRAY, BOOL, INT, OBJECT, TEXT, Kind, Member, Sequence, Thing

MANY: Final = 99


@dataclass(frozen=True)
class Function:
    """`at_start`: it can be evaluated before anything is deployed; `takes` is the kind of its first argument."""

    least: int
    most: int
    gives: Kind
    at_start: bool = True
    takes: Kind = ANY


def _object(name: str, *names: str) -> Thing:
    return Thing(name, {item: Member(lambda: TEXT, required=True, at_start=True) for item in names})


_GROUP: Final = Thing(
    "resourceGroup",
    {
        **_object("", "id", "name", "location", "type", "managedBy").members,
        "tags": Member(lambda: OBJECT),
        "properties": Member(lambda: OBJECT),
    },
)
_SUFFIXES: Final = _object("suffixes", "storage", "keyvaultDns", "sqlServerHostname", "acrLoginServer")
_ENVIRONMENT: Final = Thing(
    "environment",
    {
        **_object("", "name", "resourceManager", "portal", "graph").members,
        "suffixes": Member(lambda: _SUFFIXES),
        "authentication": Member(
            lambda: Thing(
                "authentication",
                {
                    "loginEndpoint": Member(lambda: TEXT),
                    "tenant": Member(lambda: TEXT),
                    "audiences": Member(lambda: ARRAY),
                },
            )
        ),
    },
)
_TEXTS: Final = Sequence(TEXT)

FUNCTIONS: Final[dict[str, Function]] = {
    "any": Function(1, 1, ANY),
    "array": Function(1, 1, ARRAY),
    "base64": Function(1, 1, TEXT, takes=TEXT),
    "base64ToString": Function(1, 1, TEXT, takes=TEXT),
    "bool": Function(1, 1, BOOL),
    "concat": Function(1, MANY, ANY),
    "contains": Function(2, 2, BOOL),
    "dataUri": Function(1, 1, TEXT, takes=TEXT),
    "dateTimeAdd": Function(2, 3, TEXT, takes=TEXT),
    "deployer": Function(0, 0, _object("deployer", "objectId", "tenantId", "userPrincipalName")),
    "deployment": Function(0, 0, OBJECT),
    "empty": Function(1, 1, BOOL),
    "endsWith": Function(2, 2, BOOL, takes=TEXT),
    "environment": Function(0, 0, _ENVIRONMENT),
    "extensionResourceId": Function(3, MANY, TEXT, takes=TEXT),
    "fail": Function(1, 1, ANY, takes=TEXT),
    "filter": Function(2, 2, ARRAY, takes=ARRAY),
    "first": Function(1, 1, ANY),
    "flatten": Function(1, 1, ARRAY, takes=ARRAY),
    "format": Function(1, MANY, TEXT, takes=TEXT),
    "getSecret": Function(3, 4, TEXT, at_start=False),
    "groupBy": Function(2, 2, OBJECT, takes=ARRAY),
    "guid": Function(1, MANY, TEXT, takes=TEXT),
    "indexOf": Function(2, 2, INT),
    "int": Function(1, 1, INT),
    "intersection": Function(2, MANY, ANY),
    "items": Function(
        1, 1, Sequence(Thing("item", {"key": Member(lambda: TEXT), "value": Member(lambda: ANY)})), takes=OBJECT
    ),
    "join": Function(2, 2, TEXT, takes=ARRAY),
    "json": Function(1, 1, ANY, takes=TEXT),
    "last": Function(1, 1, ANY),
    "length": Function(1, 1, INT),
    "list": Function(2, 3, ANY, at_start=False),
    "loadFileAsBase64": Function(1, 1, TEXT, takes=TEXT),
    "loadJsonContent": Function(1, 3, ANY, takes=TEXT),
    "loadTextContent": Function(1, 2, TEXT, takes=TEXT),
    "loadYamlContent": Function(1, 3, ANY, takes=TEXT),
    "managementGroup": Function(0, 1, OBJECT),
    "map": Function(2, 2, ARRAY, takes=ARRAY),
    "mapValues": Function(2, 2, OBJECT, takes=OBJECT),
    "max": Function(1, MANY, INT),
    "min": Function(1, MANY, INT),
    "newGuid": Function(0, 0, TEXT),
    "objectKeys": Function(1, 1, _TEXTS, takes=OBJECT),
    "padLeft": Function(2, 3, TEXT),
    "pickZones": Function(3, 5, ARRAY, takes=TEXT),
    "range": Function(2, 2, Sequence(INT), takes=INT),
    "readEnvironmentVariable": Function(1, 2, TEXT, takes=TEXT),
    "reduce": Function(3, 3, ANY, takes=ARRAY),
    "reference": Function(1, 3, ANY, at_start=False),
    "replace": Function(3, 3, TEXT, takes=TEXT),
    "resourceGroup": Function(0, 2, _GROUP),
    "resourceId": Function(2, MANY, TEXT, takes=TEXT),
    "shallowMerge": Function(1, 1, OBJECT, takes=ARRAY),
    "skip": Function(2, 2, ANY),
    "sort": Function(2, 2, ARRAY, takes=ARRAY),
    "split": Function(2, 2, _TEXTS, takes=TEXT),
    "startsWith": Function(2, 2, BOOL, takes=TEXT),
    "string": Function(1, 1, TEXT),
    "subscription": Function(0, 1, _object("subscription", "id", "subscriptionId", "tenantId", "displayName")),
    "subscriptionResourceId": Function(2, MANY, TEXT, takes=TEXT),
    "substring": Function(2, 3, TEXT, takes=TEXT),
    "take": Function(2, 2, ANY),
    "tenant": Function(0, 0, _object("tenant", "tenantId", "displayName", "countryCode")),
    "tenantResourceId": Function(2, MANY, TEXT, takes=TEXT),
    "toLogicalZone": Function(3, 3, TEXT, takes=TEXT),
    "toLower": Function(1, 1, TEXT, takes=TEXT),
    "toObject": Function(2, 3, OBJECT, takes=ARRAY),
    "toUpper": Function(1, 1, TEXT, takes=TEXT),
    "trim": Function(1, 1, TEXT, takes=TEXT),
    "union": Function(2, MANY, ANY),
    "uniqueString": Function(1, MANY, TEXT, takes=TEXT),
    "uri": Function(2, 2, TEXT, takes=TEXT),
    "uriComponent": Function(1, 1, TEXT, takes=TEXT),
    "utcNow": Function(0, 1, TEXT),
}

# `listKeys` and its like are named after what a resource type offers.
_LIST: Final = Function(1, 3, ANY, at_start=False)


def known_function(name: str) -> Function | None:
    """The function of this name; None where there is none."""
    return FUNCTIONS.get(name) or (_LIST if re.match("list[A-Z]", name) else None)


# These may stand only in the default of a parameter.
DEFAULTS_ONLY: Final = ("utcNow", "newGuid")
# How many characters each takes of a file.
LOADERS: Final = {
    "loadTextContent": 131_072,
    "loadJsonContent": 1_048_576,
    "loadYamlContent": 1_048_576,
    "loadFileAsBase64": 98_304,
}
# These say where a module or an existing resource is; each gives the scope of its name.
SCOPE_FUNCTIONS: Final = ("resourceGroup", "subscription", "managementGroup", "tenant")
# Decorators by what they may stand on.
DECORATORS: Final = (
    "allowed",
    "batchSize",
    "description",
    "discriminator",
    "export",
    "maxLength",
    "maxValue",
    "metadata",
    "minLength",
    "minValue",
    "onlyIfNotExists",
    "retryOn",
    "sealed",
    "secure",
    "waitUntil",
)
