"""Small trees of artifacts, as APIOps lays them out, for tests of the gateway."""

import json
from pathlib import Path

EMPTY = (
    "<policies><inbound><base /></inbound><backend><base /></backend>"
    "<outbound><base /></outbound><on-error><base /></on-error></policies>"
)
GLOBAL = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def tree(
    folder: Path,
    *,
    everywhere: str = GLOBAL,
    api: str = EMPTY,
    operations: dict[str, tuple[str, str, str | None]] | None = None,
    fragments: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    backends: dict[str, dict[str, object]] | None = None,
) -> Path:
    """Write a tree with one API below /quantum/v1; an operation is (method, path, policy or None)."""
    root = folder / "apim"
    known = operations or {"get-thing": ("get", "/things/{thingId}", EMPTY)}
    write(root / "policy.xml", everywhere)
    home = root / "apis" / "jobs"
    information = {"displayName": "Jobs", "path": "quantum", "apiVersion": "v1"}
    write(home / "apiInformation.json", json.dumps({"properties": information}))
    write(home / "policy.xml", api)
    paths: dict[str, dict[str, object]] = {}
    for name, (method, path, policy) in known.items():
        paths.setdefault(path, {})[method] = {"operationId": name}
        if policy is not None:
            write(home / "operations" / name / "policy.xml", policy)
    write(home / "specification.json", json.dumps({"openapi": "3.0.3", "paths": paths}))
    for name, text in (fragments or {}).items():
        write(root / "policy fragments" / name / "policy.xml", text)
    for name, value in (values or {}).items():
        file = root / "named values" / name / "namedValueInformation.json"
        write(file, json.dumps({"properties": {"displayName": name, "value": value}}))
    for name, properties in (backends or {"functions": {"url": "http://backend/v1", "protocol": "http"}}).items():
        write(root / "backends" / name / "backendInformation.json", json.dumps({"properties": properties}))
    return root


def policies(inbound: str = "", *, backend: str = "<base />", outbound: str = "", on_error: str = "") -> str:
    """Write a document of an operation: what is given stands behind `<base />`."""
    return (
        f"<policies>\n<inbound><base />{inbound}</inbound>\n<backend>{backend}</backend>\n"
        f"<outbound><base />{outbound}</outbound>\n<on-error><base />{on_error}</on-error>\n</policies>"
    )
