"""The identity of a lot within its mill."""

import re
import unicodedata

_GAPS = re.compile(r"\s+")


def lot_key(lot_ref: str | None) -> str | None:
    """The key of a lot by the mill's own number, however it was typed; ``None`` without one."""
    if lot_ref is None:
        return None
    typed = unicodedata.normalize("NFKC", lot_ref).casefold()
    return f"ref:{_GAPS.sub(' ', typed).strip()}"
