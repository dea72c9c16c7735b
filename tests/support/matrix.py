"""Who may reach what: a rule for every id that a path can hold, and for every word that is somebody's own.

``test_routes`` fails for a parameter without a rule, so a new route is in the matrix or declared to be outside of it.
"""

from collections.abc import Mapping

from gateway import accounts
from tests.support.town import BUYERS, CALLERS, MILLS, PAIRS, PRICES

NOUNS: Mapping[str, str] = {
    "item_id": "its mill; a draft nobody else; listed: buyers who match, ask or hold",
    "batch_id": "the mill that sent it",
    "mill_id": "the mill itself",
    "requirement_id": "the buyer whose wish it is",
    "match_id": "the buyer whose requirement it meets",
    "interest_id": "the buyer who asks",
    "window_id": "the buyer who holds and the mill",
    "issue_id": "its reader, not even his colleagues",
    "organization_id": "its own people",
    "user_id": "himself and the owners of his organisation",
    "profile_id": "the mill whose lists it reads",
    "datasheet_id": "the mill it is from; its file also whoever holds or bought a lot of it",
    "privacy_request_id": "himself",
    "message_id": "the mill that is its sender",
    "token_id": "the owners of its organisation",
    "mailbox_id": "the operator",
    "run_id": "the operator",
    "suppression_id": "the operator",
    "dead_letter_id": "the operator",
}
"""Parameters that are ids, with whoever may know the thing besides the operator; the town says it of each thing."""

OPEN: Mapping[str, str] = {
    "token": "of a link in a mail: whoever has it; cannot be guessed",
    "dated": "a day, which is no secret",
}
"""Parameters that are no ids of anybody's things."""


def own_words() -> dict[str, frozenset[str]]:
    """Words that only some may read, whatever they ask for; the operator may read all."""
    known: dict[str, tuple[str, ...]] = {}
    for mill, buyer in PAIRS:
        # The price is for buyers whose requirement it meets; a suspended one is told nothing of others.
        known[PRICES[mill]] = (mill, *(slug for _, slug in PAIRS))
        known[f"{mill}-1"] = (mill, buyer)
        for word in (f"{mill}-2", f"{mill}-L1", f"{mill}.csv", f"Mail of {mill}", f"lists@{mill}.example"):
            known[word] = (mill,)
        # Identity is told to both sides when a window is granted, and to nobody else.
        known |= dict.fromkeys(_identity(mill), (mill, buyer))
        known |= dict.fromkeys(_identity(buyer), (mill, buyer))
    alone = [slug for slug in BUYERS if slug not in dict(PAIRS).values()]
    known |= {word: (slug,) for slug in alone for word in _identity(slug)}
    known |= {f"Wish of {slug}": (slug,) for slug in BUYERS}
    known |= {f"Token of {slug}": (f"{slug}.owner",) for slug in (*MILLS, *BUYERS)}
    known |= {f"member@{slug}.example": (slug,) for slug in (*MILLS, *BUYERS)}
    known |= dict.fromkeys(("gone@old.example", "imap.example.org"), ())
    known |= {f"event of {mill}": () for mill in MILLS}
    return {
        word: frozenset(one for one in CALLERS if one in slugs or one.partition(".")[0] in slugs)
        for word, slugs in known.items()
    }


def _identity(slug: str) -> tuple[str, ...]:
    place = (f"Yard of {slug}",) if slug in MILLS else ()
    return f"{slug.title()} Works", f"desk@{slug}.example", str(accounts.organization_id(slug)), *place
