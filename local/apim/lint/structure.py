"""Rules of the documents' frame: inheritance, hand-off, one policy for each operation, comments at the head."""

import re
from pathlib import Path

from local.apim.documents import Element
from local.apim.lint.subject import Found, Subject, fragments_in, in_section, sections
from local.apim.shapes import SECTIONS

HAND_OFF = "to-backend"
_HAND_OFF_POLICIES = ("authentication-managed-identity", "set-backend-service")
_HEAD = re.compile(r"<!--(.*?)-->\s*<(policies|fragment)>", re.DOTALL)
_TEST = re.compile(r"tests/[\w/.-]+\.py")
_LONGEST_TIMEOUT = 240


def base(subject: Subject) -> Found:
    """A section without `<base/>` silently drops the checks and limits of everything above it."""
    for document in subject.below_the_global():
        present = dict(sections(document))
        for name in SECTIONS:
            if name not in present:
                yield document.place, f"<{name}> is missing: it must stand here and hold <base />"
            elif sum(child.name == "base" for child in present[name].children) != 1:
                yield present[name].place, f"<{name}> must hold <base /> once, directly"


def base_first(subject: Subject) -> Found:
    """What stands before `<base/>` of an operation runs before anybody has looked at the token."""
    for operation in subject.operations:
        inbound = in_section(operation.policy, "inbound") if operation.policy else []
        if inbound and inbound[0].name != "base":
            yield inbound[0].place, f"<{inbound[0].name}> runs before the caller is known: <base /> must be first"


def one_in_backend(subject: Subject) -> Found:
    """API Management refuses a `<backend>` with more than one policy, at deployment."""
    for _, document in subject.tree.documents():
        for name, section in sections(document):
            if name == "backend" and len(section.children) != 1:
                yield section.place, f"<backend> holds {len(section.children)} policies; exactly one is taken"


def hand_off_in_fragment(subject: Subject) -> Found:
    """The gateway's own token must not be put on in a second way, at a second place."""
    for scope, document in subject.tree.documents():
        if scope == "fragment" and document is subject.tree.fragments.get(HAND_OFF):
            continue
        for element in document.all():
            if element.name in _HAND_OFF_POLICIES:
                yield element.place, f"stands in the fragment {HAND_OFF} alone; include that, last"


def hand_off_last(subject: Subject) -> Found:
    """It writes over `Authorization`: what came after it, a cache look-up above all, would see one caller only."""
    for operation in subject.operations:
        if operation.policy is None:
            continue
        inbound = in_section(operation.policy, "inbound")
        if not inbound or inbound[-1].attributes.get("fragment-id") != HAND_OFF:
            where = inbound[-1].place if inbound else operation.policy.place
            yield where, f"the last policy of inbound must be <include-fragment fragment-id={HAND_OFF!r} />"
        if fragments_in(operation.policy).count(HAND_OFF) > 1:
            yield operation.policy.place, f"{HAND_OFF} is included twice; once, last in inbound, is enough"


def hand_off_there_only(subject: Subject) -> Found:
    """Above the operations it would stand before their look-ups."""
    for scope, document in subject.tree.documents():
        if scope in ("global", "api") and HAND_OFF in fragments_in(document):
            yield document.place, f"{HAND_OFF} is included above the operations; it must be last in each of theirs"


def operation_policy(subject: Subject) -> Found:
    """Without one an operation has no hand-off, and nobody decided what it needs."""
    for api in subject.tree.apis:
        for operation in api.operations:
            if operation.policy is None:
                place = subject.place(f"apis/{api.id}/operations/{operation.id}/policy.xml")
                yield place, f"{operation.id} has no policy; each operation of the specification must have one"


def head_comment(subject: Subject) -> Found:
    """Policies are read by people who did not write them."""
    for _, document in subject.tree.documents():
        head = _HEAD.match(subject.text(document.place))
        if head is None or not all(f"{word}:" in head[1] for word in ("What", "Why", "Test")):
            yield subject.place(_below(document)), "must begin with a comment that says What:, Why: and Test:"
            continue
        tests = _TEST.findall(head[1])
        if not tests:
            yield subject.place(_below(document)), "names no test; say which file under tests/ shows that it works"
        for test in tests:
            if not (subject.folder.resolve().parent / test).is_file():
                yield subject.place(_below(document)), f"there is no {test}; name the test that shows that it works"


def _below(document: Element) -> str:
    return str(Path(*document.place.file.parts[1:]))


def nested_fragment(subject: Subject) -> Found:
    """API Management does not take a fragment in a fragment."""
    for element in subject.tree.fragments.values():
        for name in fragments_in(element):
            yield element.place, f"includes the fragment {name}: fragments do not nest"


def cors_first(subject: Subject) -> Found:
    """A preflight carries no token: what stands before `cors` would refuse it."""
    for api in subject.tree.apis:
        inbound = in_section(api.policy, "inbound") if api.policy else []
        for element in inbound[1:]:
            if element.name == "cors":
                yield element.place, "cors must be the first policy of the API's inbound"


def forward_bounded(subject: Subject) -> Found:
    """The gateway waits 300 s by itself, and follows a redirect to wherever it leads."""
    for element in subject.everything("forward-request"):
        timeout = element.attributes.get("timeout", "")
        if not timeout.isdigit() or int(timeout) > _LONGEST_TIMEOUT:
            yield element.place, f"timeout={timeout!r}: say one of at most {_LONGEST_TIMEOUT} s"
        if element.attributes.get("follow-redirects") != "false":
            yield element.place, 'must have follow-redirects="false": redirects are the caller\'s'
