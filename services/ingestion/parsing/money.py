"""The money of a list: how it is written, and how large it is, roughly."""

import re

# How many of a currency make about one euro: enough to see that a price cannot be, never to convert one.
_TO_THE_EURO = {
    "SEK": 11, "NOK": 12, "DKK": 7, "PLN": 4, "CZK": 25, "HUF": 390, "RON": 5, "BGN": 2, "RSD": 117, "UAH": 48,
    "TRY": 48, "INR": 100, "CNY": 8, "JPY": 175, "AED": 4, "ZAR": 20, "BRL": 6, "MXN": 21, "CAD": 2, "AUD": 2, "SGD": 2,
    "HKD": 9,
}  # fmt: skip
CURRENCIES = {
    **{code.casefold(): code for code in ("EUR", "USD", "GBP", "CHF", *_TO_THE_EURO)},
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "us$": "USD",
    "$": "USD",
    "£": "GBP",
    "zl": "PLN",
    "kc": "CZK",
    "forint": "HUF",
    "ft": "HUF",
    "rs": "INR",
    "₹": "INR",
    "tl": "TRY",
    "₺": "TRY",
    "rmb": "CNY",
}
_CODES = "|".join(code.casefold() for code in _TO_THE_EURO)
CURRENCY = (
    r"(?:€|euros?|eur|us\$|usd|\$|gbp|£|chf|zl|kc|forint|ft(?=\s*/\s*(?:kg|to?)\b)|rs(?=\.?\s*(?:/|\d|$|per\b))|₹|tl(?=\s*/)|₺|rmb"
    rf"|{_CODES})"
)
MONEY = re.compile(rf"(?<![a-z]){CURRENCY}(?![a-z])")


_DOLLARS = {"CA": "CAD", "AU": "AUD", "SG": "SGD", "HK": "HKD"}


def as_meant(currency: str | None, text: str, *, country: str, home: str | None) -> str | None:
    """A bare "$" is the dollar of the mill's country; ``None`` where the mill trades in another money."""
    dollar = _DOLLARS.get(country)
    if currency != "USD" or dollar is None or "$" not in text or re.search(r"us\s?\$|usd", text.casefold()):
        return currency
    return dollar if home in (dollar, None) else None


def about_a_euro(currency: str | None) -> int:
    """How many of a currency make about one euro."""
    return _TO_THE_EURO.get(currency or "", 1)
