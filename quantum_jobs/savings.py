"""What an application was spared: jobs that were not run, because their results were there already."""

from dataclasses import dataclass, field

from quantum_jobs import measuring
from quantum_jobs.money import Money
from quantum_jobs.results import Result


@dataclass
class Savings:
    """Jobs not run, the seconds from accepted to done that the first of each took, and what it cost.

    `cached`: from the result cache; `shared`: an equal submit was under way; `replayed`: in a loop's checkpoint.
    """

    cached: int = 0
    shared: int = 0
    replayed: int = 0
    seconds: float = 0.0
    money: Money = field(default_factory=Money)

    @property
    def jobs(self) -> int:
        return self.cached + self.shared + self.replayed

    def spare(self, how: measuring.Spared) -> None:
        """Count a job that is not run."""
        setattr(self, how, getattr(self, how) + 1)
        measuring.saved(how)

    def add(self, result: Result) -> None:
        """Count time and money of a result that was not paid for again."""
        self.seconds += result.seconds
        if result.cost is not None:
            self.money = Money(self.money.micros + result.cost.micros, result.cost.currency)

    def __str__(self) -> str:
        return f"{self.jobs} jobs, {self.seconds:.1f} s, {self.money}"
