"""From the tree to what runs: every document checked and compiled, every operation with its pipeline."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.apim.artifacts import Api, Faults, Tree
from local.apim.building import Builder, Numbering
from local.apim.context import Named
from local.apim.documents import Element
from local.apim.errors import Place, PolicyRefused
from local.apim.pipeline import Documents, Pipeline, check_document
from local.apim.policies import BUILD
from local.apim.routing import Router
from local.apim.shapes import TIERS


@dataclass(frozen=True, slots=True)
class Loaded:
    """An operation, ready: what expressions see of it, and its pipeline."""

    name: Named
    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class LoadedApi:
    """An API, ready; `pipeline` runs where no operation matches."""

    name: Named
    prefix: str
    service_url: str
    router: Router[Loaded]
    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Program:
    """The whole tree, ready; `policies` gives the place of every policy by its number."""

    apis: tuple[LoadedApi, ...]
    pipeline: Pipeline
    policies: Mapping[int, Place]


def load(tree: Tree, tier: str, clock: Callable[[], int] = time.time_ns) -> Program:
    """Check and compile a tree; `clock` tells expressions the nanoseconds since 1970.

    Raises:
        TreeRefused: everything that the gateway does not run exactly, or that the tier does not have.
    """
    if tier not in TIERS:
        raise ValueError(f"{tier!r} is no tier; there are {', '.join(TIERS)}")
    faults = Faults()
    for scope, document in tree.documents():
        faults.found += check_document(document, scope)
    faults.raise_if_any()
    numbering = Numbering()
    backends = frozenset(tree.backends)
    builder = Builder(
        BUILD, tree.fragments, backends, tier, numbering, faults, scope="global", section="inbound", clock=clock
    )
    nowhere = Documents(builder, [("global", tree.policy)]).pipeline(None)
    apis = tuple(_api(api, builder, tree.policy) for api in tree.apis)
    faults.found += _unused(tree, numbering)
    faults.raise_if_any()
    return Program(apis, nowhere, {number: place for place, number in numbering.numbers.items()})


def _api(api: Api, builder: Builder, above: Element | None) -> LoadedApi:
    documents = Documents(builder, [("global", above), ("api", api.policy)])
    routes = [
        (item.method, item.template, Loaded(Named(item.id, item.id), documents.pipeline(item.policy)))
        for item in api.operations
    ]
    name = Named(api.id, api.name, api.prefix.strip("/").partition("/")[0], api.version)
    return LoadedApi(name, api.prefix, api.service_url, Router(routes), documents.pipeline(None))


def _unused(tree: Tree, numbering: Numbering) -> list[PolicyRefused]:
    """Refuse fragments that nothing includes: nobody would notice that they do nothing."""
    used = {place.file for place in numbering.numbers}
    return [
        PolicyRefused(element.place, f"nothing includes the fragment {name!r}")
        for name, element in tree.fragments.items()
        if element.children and element.place.file not in used
    ]
