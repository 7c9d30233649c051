"""Amounts of money in whole millionths, so that sums are exact; written as decimal strings."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

CURRENCY = "USD"
_MICROS = 1_000_000


@dataclass(frozen=True)
class Money:
    """An amount in millionths of a currency (ISO 4217)."""

    micros: int = 0
    currency: str = CURRENCY

    @classmethod
    def of(cls, amount: str | float | Decimal, currency: str = CURRENCY) -> Self:
        """Make an amount, rounded half up to the millionth.

        Raises:
            ArithmeticError: not a finite number.
        """
        value = Decimal(str(amount))
        if not value.is_finite():
            raise ArithmeticError(f"{amount} is no amount")
        return cls(int((value * _MICROS).to_integral_value(ROUND_HALF_UP)), currency)

    @property
    def amount(self) -> str:
        """The amount as a decimal string with two to six places, exact: `0.00`, `12.50`, `0.000225`."""
        whole, fraction = divmod(abs(self.micros), _MICROS)
        places = f"{fraction:06d}".rstrip("0").ljust(2, "0")
        return f"{'-' if self.micros < 0 else ''}{whole}.{places}"

    def document(self) -> dict[str, str]:
        """Give the amount as callers see it."""
        return {"amount": self.amount, "currency": self.currency}

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
