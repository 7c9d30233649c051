"""The policies of one operation, flattened: what `<base/>` stands for is in its place, and the four sections run."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from local.apim.building import Builder, check_shape
from local.apim.context import Body, Headers, LastError, Response
from local.apim.documents import Element
from local.apim.errors import PolicyFailed, PolicyRefused
from local.apim.exchange import CacheHit, Exchange, Returned, Step, run_all
from local.apim.shapes import POLICIES, SECTIONS, Scope, Section, Shape

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps of each section, in the order in which they run."""

    inbound: Sequence[Step] = ()
    backend: Sequence[Step] = ()
    outbound: Sequence[Step] = ()
    on_error: Sequence[Step] = ()

    async def run(self, exchange: Exchange) -> Response:
        """Take a call through the sections; every call gets a response."""
        try:
            await self._sections(exchange)
        except Returned:
            pass
        except PolicyFailed as failure:
            await self._failed(exchange, failure)
        return _finished(exchange)

    async def refuse(self, exchange: Exchange, failure: PolicyFailed) -> Response:
        """Answer a call that does not get as far as inbound."""
        await self._failed(exchange, failure)
        return _finished(exchange)

    def only(self, policy: str) -> Pipeline:
        """Give a pipeline of one of the policies of inbound, and of on-error."""
        return Pipeline([step for step in self.inbound if step.policy == policy], on_error=self.on_error)

    async def _sections(self, exchange: Exchange) -> None:
        try:
            await run_all(self.inbound, exchange)
            await run_all(self.backend, exchange)
        except CacheHit:
            await run_all(self._behind_store, exchange)
        else:
            await run_all(self.outbound, exchange)

    @property
    def _behind_store(self) -> Sequence[Step]:
        index = next(number for number, step in enumerate(self.outbound) if step.policy == "cache-store")
        return self.outbound[index + 1 :]

    async def _failed(self, exchange: Exchange, failure: PolicyFailed) -> None:
        """Run on-error, with a response that says what API Management says by itself."""
        context, step = exchange.context, exchange.step
        context.last_error = LastError(
            source=failure.source,
            reason=failure.reason,
            message=failure.message,
            scope=step.scope if step else "",
            section=step.section if step else "",
            path=step.policy if step else "",
            policy_id=step.policy_id if step else "",
        )
        context.response = _plain(failure)
        try:
            await run_all(self.on_error, exchange)
        except Returned:
            pass
        except PolicyFailed as second:
            log.warning("on-error failed: %s, after %s", second.message, failure.message)
            context.response = _plain(PolicyFailed(second.source, second.reason, second.message))


def _plain(failure: PolicyFailed) -> Response:
    message = failure.message if failure.status < 500 else "Internal server error"
    body = json.dumps({"statusCode": failure.status, "message": message}).encode()
    headers = Headers([("Content-Type", "application/json"), *failure.headers])
    return Response(failure.status, "", headers, Body(body))


def _finished(exchange: Exchange) -> Response:
    response = exchange.response
    for change in exchange.at_end:
        change(response)
    return response


@dataclass
class Documents:
    """Flattens documents of one API into pipelines."""

    builder: Builder
    parents: Sequence[tuple[Scope, Element | None]]

    def pipeline(self, policy: Element | None) -> Pipeline:
        """Give the pipeline of an operation, or of none: then that of the API, or of all APIs, alone."""
        chain: list[tuple[Scope, Element | None]] = [*self.parents, ("operation", policy)]
        found = [(scope, document) for scope, document in chain if document is not None]
        sections = {section: self._section(section, found) for section in SECTIONS}
        self._check(sections, found)
        return Pipeline(sections["inbound"], sections["backend"], sections["outbound"], sections["on-error"])

    def _section(self, section: Section, chain: Sequence[tuple[Scope, Element]]) -> list[Step]:
        """Build a section of the last document of a chain; `<base/>` is that of those before it."""
        if not chain:
            return []
        *parents, (scope, document) = chain
        element = document.child(section)
        if element is None:
            return self._section(section, parents)
        builder = replace(self.builder, scope=scope, section=section)
        steps: list[Step] = []
        for child in element.children:
            if child.name == "base":
                steps += self._section(section, parents)
            else:
                steps += builder.steps([child])
        return steps

    def _check(self, sections: Mapping[Section, Sequence[Step]], chain: Sequence[tuple[Scope, Element]]) -> None:
        """Refuse what is wrong with sections as a whole."""
        if not chain:
            return
        place = chain[-1][1].place
        if len([step for step in sections["backend"] if step.policy != "include-fragment"]) != 1:
            self._refuse(
                PolicyRefused(place, "with all that <base/> stands for, <backend> must hold exactly one policy")
            )
        lookups = any(step.policy == "cache-lookup" for step in sections["inbound"])
        stores = any(step.policy == "cache-store" for step in sections["outbound"])
        if lookups != stores:
            self._refuse(PolicyRefused(place, "cache-lookup and cache-store go together, directly in their sections"))

    def _refuse(self, fault: PolicyRefused) -> None:
        self.builder.faults.found.append(fault)


def check_document(element: Element, scope: str) -> list[PolicyRefused]:
    """Give what is wrong with the frame of a document: its sections, `<base/>`, policies that stand once."""
    if scope == "fragment":
        wanted = "fragment"
        return [] if element.name == wanted else [PolicyRefused(element.place, f"must be <{wanted}>")]
    faults = [] if element.name == "policies" else [PolicyRefused(element.place, "must be <policies>")]
    names = [child.name for child in element.children]
    for child in element.children:
        if child.name not in SECTIONS:
            faults.append(PolicyRefused(child.place, f"<policies> holds {', '.join(SECTIONS)}"))
        elif names.count(child.name) > 1:
            faults.append(PolicyRefused(child.place, f"there is one <{child.name}>"))
        elif child.attributes or child.text.strip():
            faults.append(PolicyRefused(child.place, "a section has no attributes and no text"))
        else:
            faults += _once(child, scope)
    return faults


def _once(section: Element, scope: str) -> list[PolicyRefused]:
    faults = []
    found: dict[str, Element] = {}
    for element in section.all():
        policy = POLICIES.get(element.name)
        if policy and policy.once and element.name in found:
            faults.append(PolicyRefused(element.place, "may stand once in a section"))
        found[element.name] = element
        if element.name == "base":
            faults += _base(element, section, scope)
    return faults


def _base(element: Element, section: Element, scope: str) -> list[PolicyRefused]:
    if scope == "global":
        return [PolicyRefused(element.place, "nothing stands above the policies of all APIs")]
    if element not in section.children:
        return [PolicyRefused(element.place, "stands directly in a section here")]
    try:
        check_shape(element, Shape())
    except PolicyRefused as fault:
        return [fault]
    return []
