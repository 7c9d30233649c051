"""The headers by which App Service tells an app who calls: a caller must not be able to set them."""

from collections.abc import Mapping, MutableMapping

from local.functions_host.http_messages import Request, Response

_PREFIXES = ("x-ms-client-principal", "x-ms-token-")


def without_identity(headers: Mapping[str, str]) -> dict[str, str]:
    """Drop what only the platform may say."""
    return {name: value for name, value in headers.items() if not name.startswith(_PREFIXES)}


class StripIdentity:
    """The platform without Easy Auth."""

    def prepare(self, environment: MutableMapping[str, str]) -> None:
        """Leave the app's environment as it is."""

    async def admit(self, request: Request) -> Request | Response:
        """Let everybody in, as nobody."""
        headers = without_identity(request.headers)
        return Request(request.method, request.scheme, request.path, request.query, headers, request.body)
