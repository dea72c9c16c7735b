"""Which buyers may know of a mill's lots, as flags over the buyers that the columns know.

A mill that is not approved or has no rules is closed to everybody; so is everything to a buyer that is not approved or
not known yet: absence closes.
"""

from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from services.matching.columns import Bools
from services.matching.store.market import OrganizationRow
from shared.contracts.visibility import RuleSet, buyer_allowed

APPROVED = "approved"


@dataclass(slots=True)
class Doors:
    """Flags per mill, made when first asked for and kept until the market or the list of buyers changes."""

    organizations: dict[UUID, OrganizationRow] = field(default_factory=dict[UUID, OrganizationRow])
    rules: dict[UUID, RuleSet] = field(default_factory=dict[UUID, RuleSet])
    _flags: dict[UUID, Bools] = field(default_factory=dict[UUID, Bools])

    def open_to(self, mill_id: UUID, buyer_id: UUID) -> bool:
        """Whether this buyer may know of this mill's lots."""
        mill, buyer = self.organizations.get(mill_id), self.organizations.get(buyer_id)
        if mill is None or buyer is None or mill.status != APPROVED or buyer.status != APPROVED:
            return False
        return buyer_allowed(self.rules.get(mill_id), buyer_id=buyer_id, country=buyer.country, segment=buyer.segment)

    def flags(self, mill_id: UUID, buyers: dict[UUID, int]) -> Bools:
        """One flag per buyer, in the order of ``buyers``."""
        known = self._flags.get(mill_id)
        if known is None or len(known) != len(buyers):
            known = np.fromiter((self.open_to(mill_id, buyer) for buyer in buyers), np.bool_, len(buyers))
            self._flags[mill_id] = known
        return known
