"""The identity of a lot within its mill."""


def lot_key(lot_ref: str | None) -> str | None:
    """The key of a lot by the mill's own number; ``None`` without one.

    The same as that of a row of a list with this number: a lot entered by hand and its row in the next list are one.
    """
    if lot_ref is None or not lot_ref.strip():
        return None
    return "ref:" + " ".join(lot_ref.split()).casefold()
