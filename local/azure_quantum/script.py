"""Scripted behaviour: how targets queue, fail and are available, told by a file at start or a request meanwhile.

As TOML for `--script FILE` and, with the same members, as JSON for `PUT /control/script`; each may be left out:

    api_keys_enabled = true         # false: every key is answered 401, as when keys are disabled in Azure
    enforce_quotas = true           # a job that would not fit into what is left of a quota is refused
    session_idle_seconds = 600      # when a session without a new job times out; not scaled

    [quotas]
    hqc = 100                       # the limit of each quota of this dimension, instead of the catalogue's

    [targets."quantinuum.qpu.h2-1"]
    queue_seconds = 3600            # instead of the catalogue's; scaled by --time-scale as all times of targets are
    execution_seconds = 60
    capacity = 1                    # how many of its jobs run at a time
    finishing_seconds = 5           # how long Finishing lasts
    failure_rate = 0.1              # so many of its jobs fail, drawn from the workspace's seed and the job's id
    failure = { code = "ProviderTimeout", message = "The device did not answer." }
    fail_next = 3                   # the next three that come to run fail, whatever the rate
    availability = "Degraded"       # or Unavailable: then it takes no new jobs
"""

import random
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from local.azure_quantum.sessions import IDLE_SECONDS
from local.azure_quantum.targets import Provider, Quota, Target
from local.errors import LocalCloudError


class ScriptWrong(LocalCloudError):
    """A script cannot be read, or names what is not there."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Failure(_Entry):
    """The errorData of a job that fails by script."""

    code: str = Field(default="ProviderTimeout", min_length=1)
    message: str = "The script of the local workspace lets this job fail."


class Behaviour(_Entry):
    """What differs from the catalogue for one target; times are seconds of the real service."""

    queue_seconds: float | None = Field(default=None, ge=0)
    execution_seconds: float | None = Field(default=None, ge=0)
    capacity: int | None = Field(default=None, ge=1)
    finishing_seconds: float = Field(default=0.0, ge=0)
    failure_rate: float = Field(default=0.0, ge=0, le=1)
    failure: Failure = Failure()
    fail_next: int = Field(default=0, ge=0)
    availability: Literal["Available", "Degraded", "Unavailable"] | None = None


class Script(_Entry):
    """Behaviours by target id."""

    targets: dict[str, Behaviour] = Field(default_factory=dict)
    quotas: dict[str, float] = Field(default_factory=dict)
    api_keys_enabled: bool = True
    enforce_quotas: bool = False
    session_idle_seconds: float = Field(default=IDLE_SECONDS, gt=0)

    @classmethod
    def read(cls, path: Path) -> "Script":
        """Read a file; raises ScriptWrong."""
        try:
            return cls.of(tomllib.loads(path.read_text()))
        except OSError as error:
            raise ScriptWrong(f"{path} cannot be read: {error.strerror}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ScriptWrong(f"{path} is not TOML: {error}.") from error

    @classmethod
    def of(cls, document: object) -> "Script":
        """Read a document; raises ScriptWrong naming the member that is wrong."""
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the script"
            raise ScriptWrong(f"The script is not valid: {where}: {first['msg']}.") from error

    def applied(self, providers: Sequence[Provider]) -> tuple[Provider, ...]:
        """Give the providers as the script has them; raises ScriptWrong for a target that none of them has."""
        unknown = self.targets.keys() - {target.id for provider in providers for target in provider.targets}
        if unknown:
            raise ScriptWrong(f"The script names {', '.join(sorted(unknown))}: there is no such target.")
        unknown = self.quotas.keys() - {quota.dimension for provider in providers for quota in provider.quotas}
        if unknown:
            raise ScriptWrong(f"The script names {', '.join(sorted(unknown))}: no provider has such a quota.")
        return tuple(
            provider.model_copy(
                update={
                    "targets": tuple(self._scripted(target) for target in provider.targets),
                    "quotas": tuple(self._limited(quota) for quota in provider.quotas),
                }
            )
            for provider in providers
        )

    def _limited(self, quota: Quota) -> Quota:
        return quota.model_copy(update={"limit": self.quotas.get(quota.dimension, quota.limit)})

    def _scripted(self, target: Target) -> Target:
        behaviour = self.targets.get(target.id)
        if behaviour is None:
            return target
        members = {"queue_seconds", "execution_seconds", "capacity", "availability"}
        wanted = behaviour.model_dump(include=members, exclude_none=True)
        return target.model_copy(update=wanted)

    def finishing_seconds(self, target: Target) -> float:
        behaviour = self.targets.get(target.id)
        return behaviour.finishing_seconds if behaviour else 0.0

    def failure(self, target: Target, draw: random.Random) -> Failure | None:
        """Give how a job that comes to run now fails, or None; each call takes one of `fail_next`."""
        behaviour = self.targets.get(target.id)
        if behaviour is None:
            return None
        if behaviour.fail_next:
            behaviour.fail_next -= 1
            return behaviour.failure
        return behaviour.failure if draw.random() < behaviour.failure_rate else None
