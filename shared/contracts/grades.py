"""The grade taxonomy of the paper trade: every grade code belongs to one family.

A requirement may ask for a whole family. ``OTHER`` (a grade nobody could resolve) belongs to no requirement: such lots
are shown, never matched.
"""

from typing import Final

UNRESOLVED: Final = "OTHER"

FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "graphic_woodfree": (
        "WFU", "WFU_COPY", "WFU_PREPRINT", "WFU_ENV", "WFU_BOOK", "WFC_GLOSS", "WFC_SILK", "WFC_MATT", "WFC_CAST",
    ),
    "graphic_mechanical": (
        "NEWS", "NEWS_IMP", "BOOK_MECH", "UM", "SC_A", "SC_B", "ULWC", "LWC", "MWC", "HWC", "MFC",
    ),
    "containerboard": (
        "KL_BROWN", "KL_WHITETOP", "KL_COATED", "KL_BLEACHED", "TL_1", "TL_2", "TL_3", "TL_SCHRENZ", "TL_WHITETOP",
        "TL_COATED", "FL_SC", "FL_REC",
    ),
    "cartonboard": (
        "SBB", "SUB", "FBB_GC1", "FBB_GC2", "FBB_UC", "WLC_GT", "WLC_GD1", "WLC_GD2", "WLC_GD3", "WLC_UD", "LPB",
        "CUPSTOCK", "GREYBOARD", "COREBOARD", "PLASTERBOARD_LINER",
    ),
    "kraft_packaging": (
        "SACK_BROWN", "SACK_WHITE", "MG_BROWN", "MG_WHITE", "MF_BROWN", "MF_WHITE", "RIBBED", "WRAP_OTHER",
    ),
    "tissue": ("TIS_TOILET", "TIS_TOWEL", "TIS_NAPKIN", "TIS_FACIAL", "TIS_WADDING"),
    "speciality": (
        "LABEL_C1S", "LABEL_WS", "FACE_SA", "GLASSINE", "RELEASE", "GREASEPROOF", "PARCHMENT", "POSTER", "DECOR",
        "WALLPAPER", "FINE_THIN", "BARRIER",
    ),
    "business": ("NCR_CB", "NCR_CFB", "NCR_CF", "THERMAL"),
    "pulp_other": ("PULP", "BROKE"),
}  # fmt: skip
"""Family to its codes; a requirement on a family takes every code in it."""

FAMILY_OF: Final[dict[str, str]] = {code: family for family, codes in FAMILIES.items() for code in codes}
"""Code to its family; ``UNRESOLVED`` has none."""


def expanded(*, grade_codes: tuple[str, ...], families: tuple[str, ...]) -> frozenset[str]:
    """Every code that a requirement takes: those it names and those of its families."""
    return frozenset(grade_codes).union(*(FAMILIES[family] for family in families))
