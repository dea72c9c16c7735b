"""How pages say numbers, dates and codes."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def weight(kilograms: str | float | None) -> str:
    """Kilograms as tonnes, as the trade speaks: ``21.3 t``."""
    if kilograms is None:
        return "on request"
    tonnes = Decimal(str(kilograms)) / 1000
    return f"{tonnes:.3f} t" if tonnes < 1 else f"{tonnes:.1f} t"


def plain(number: str | float | None) -> str:
    """A decimal without zeros at its end."""
    if number is None:
        return ""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(instant: str | None, time_zone: str = "UTC") -> str:
    """An RFC 3339 instant on the reader's clock."""
    if not instant:
        return ""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return datetime.fromisoformat(instant).astimezone(zone).strftime("%a %d %b %Y, %H:%M %Z")


def band(code: str | None) -> str:
    """A weight band in words: ``5_to_10t`` as ``5–10 t``."""
    text = (code or "").removesuffix("t").replace("_to_", "–").replace("_", " ").strip()
    return f"{text} t" if text else ""


def words(code: str | None) -> str:
    """``SIDE_RUN`` as ``side run``."""
    return (code or "").replace("_", " ").lower()


FILTERS: dict[str, Callable[..., str]] = {
    "weight": weight,
    "plain": plain,
    "moment": moment,
    "words": words,
    "band": band,
}
