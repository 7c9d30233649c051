"""Puts the gateway together: the loaded tree, and everything that its policies use."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import httpx

from local.apim.artifacts import Tree
from local.apim.backends import Backends
from local.apim.caches import Mode, ResponseCache, ValueCache
from local.apim.exchange import Services
from local.apim.gateway import Gateway
from local.apim.identities import ManagedIdentity
from local.apim.limiters import SlidingWindow, TokenBucket
from local.apim.loading import load
from local.apim.shapes import V2_TIERS
from local.apim.signing_keys import https_fetch
from local.apim.tokens import TokenChecker


@contextlib.asynccontextmanager
async def gateway(
    tree: Tree, *, tier: str, cache: Mode, backends: Mapping[str, str], environment: Mapping[str, str]
) -> AsyncIterator[Gateway]:
    """Load a tree and give the gateway that runs it; `backends` are the addresses that backends have here.

    Raises:
        TreeRefused: it is not run exactly as API Management would.
    """
    program = load(tree, tier)
    reached = Backends(tree.backends, addresses=backends)
    async with httpx.AsyncClient() as client:  # through the front, by the environment's proxy and authority
        services = Services(
            limiter=TokenBucket() if tier in V2_TIERS else SlidingWindow(),
            values=ValueCache(cache),
            responses=ResponseCache(cache),
            tokens=TokenChecker(https_fetch(client)),
            identity=ManagedIdentity(environment, client),
            backends=reached,
        )
        try:
            yield Gateway(program, services)
        finally:
            reached.close()
