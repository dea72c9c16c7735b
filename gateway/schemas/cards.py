"""What is shown of an organisation to whom it has met."""

from uuid import UUID

from pydantic import BaseModel

from gateway.schemas import ContactCard, Organization
from shared.contracts.gateway import OrganizationChanged


class OrganizationCard(BaseModel):
    """What the other side of a window knows: who it is and whom to write to. The rest is hidden."""

    id: UUID
    version: int
    kind: str
    name: str
    country: str
    language: str
    contacts: list[ContactCard]
    redacted: list[str]

    @classmethod
    def of(cls, one: OrganizationChanged) -> "OrganizationCard":
        shown = set(cls.model_fields) - {"id", "redacted"}
        hidden = sorted(set(Organization.model_fields) - set(cls.model_fields))
        return cls(id=one.organization_id, redacted=hidden, **one.model_dump(include=shown))
