"""Little markets made for one test: a mill, some buyers who all want its grade, and lists of it."""

from collections.abc import Sequence
from typing import Any

JSON = dict[str, Any]
COLUMNS = "Lot;Grade;g/m2;Width mm;Weight kg;Class;Price EUR/t"


def small_market(name: str, *, grade_code: str, buyers: int, cadence: str = "weekly", auto: bool = False) -> JSON:
    """A trusted mill ``<name>-mill`` and buyers ``<name>-1`` … that each look for one grade, whatever its size."""
    mill = {
        "id": f"{name}-mill",
        "name": f"{name.title()} Papier, GmbH",
        "country": "DE",
        "trusted": True,
        "domain": f"{name}-mill.example",
        "sender_addresses": [f"lists@{name}-mill.example"],
    }
    people = [
        {
            "id": f"{name}-{n}",
            "name": f"{name.title()} Buyer {n}",
            "country": "NL",
            "kind": "merchant",
            "email": f"buyer-{n}@{name}.example",
        }
        for n in range(1, buyers + 1)
    ]
    wanted = [
        {
            "id": f"{name}-R{n}",
            "buyer": f"{name}-{n}",
            "grade_codes": [grade_code],
            "cadence": cadence,
            "auto_interest": auto,
        }
        for n in range(1, buyers + 1)
    ]
    return {"mills": [mill], "buyers": people, "requirements": wanted}


def list_of(refs: Sequence[str], *, grade: str, gsm: object = 60) -> bytes:
    """A csv list with one good reel lot per reference."""
    rows = [f"{ref};{grade};{gsm};{900 + n};{1000 + n};A;800" for n, ref in enumerate(refs)]
    return "\n".join([COLUMNS, *rows, ""]).encode()


def refs(name: str, count: int) -> list[str]:
    return [f"{name}-{n:03}" for n in range(1, count + 1)]
