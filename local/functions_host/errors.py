"""Errors of the local Functions host."""


class HostError(Exception):
    """The host cannot do what was asked; the message says what, where and what would be right."""


class SettingsError(HostError):
    """host.json, local.settings.json or an environment setting cannot be used."""


class LoadError(HostError):
    """The function app cannot be loaded.

    Attributes:
        where: `file:line` in the app, when it is known.
        details: the traceback from the app's own frame on, may be empty.
    """

    def __init__(self, message: str, *, where: str = "", details: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
        self.details = details


class RouteError(LoadError):
    """A route template is malformed, reserved or taken."""


class NotBuilt(LoadError):
    """The app uses a binding or feature that this host does not run."""
