"""How large money is, roughly: enough to see that a price cannot be, never to convert one."""

_TO_THE_EURO = {"SEK": 11, "NOK": 12, "DKK": 7, "PLN": 4, "CZK": 25, "HUF": 390}


def about_a_euro(currency: str | None) -> int:
    """How many of a currency make about one euro."""
    return _TO_THE_EURO.get(currency or "", 1)
