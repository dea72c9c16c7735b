"""Mills as the gateway describes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import Conn, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class Mill:
    organization_id: UUID
    version: int
    name: str
    slug: str
    status: str
    country: str
    language: str
    time_zone: str
    currency: str
    trusted: bool
    sender_addresses: Sequence[str]
    sender_domains: Sequence[str]

    @property
    def approved(self) -> bool:
        return self.status == "approved"


async def save_mill(conn: Conn, mill: Mill) -> None:
    """Keep the newer of what is here and what came."""
    await execute(
        conn,
        """
        INSERT INTO organization_replica (organization_id, version, name, slug, status, country, language, time_zone,
                                          currency, trusted, sender_addresses, sender_domains)
        VALUES (%(organization_id)s, %(version)s, %(name)s, %(slug)s, %(status)s, %(country)s, %(language)s,
                %(time_zone)s, %(currency)s, %(trusted)s, %(addresses)s, %(domains)s)
        ON CONFLICT (organization_id) DO UPDATE
        SET version = excluded.version, name = excluded.name, slug = excluded.slug, status = excluded.status,
            country = excluded.country, language = excluded.language, time_zone = excluded.time_zone,
            currency = excluded.currency, trusted = excluded.trusted, sender_addresses = excluded.sender_addresses,
            sender_domains = excluded.sender_domains
        WHERE organization_replica.version < excluded.version
        """,
        {
            "organization_id": mill.organization_id,
            "version": mill.version,
            "name": mill.name,
            "slug": mill.slug,
            "status": mill.status,
            "country": mill.country,
            "language": mill.language,
            "time_zone": mill.time_zone,
            "currency": mill.currency,
            "trusted": mill.trusted,
            "addresses": [address.strip().lower() for address in mill.sender_addresses],
            "domains": [domain.strip().lower() for domain in mill.sender_domains],
        },
    )


async def find_mill(conn: Conn, mill_id: UUID) -> Mill | None:
    return await fetch_one(
        conn,
        Mill,
        """
        SELECT organization_id, version, name, slug, status, country, language, time_zone, currency, trusted,
               sender_addresses, sender_domains
        FROM organization_replica
        WHERE organization_id = %(mill_id)s
        """,
        {"mill_id": mill_id},
    )


async def lock_mill(conn: Conn, mill_id: UUID) -> Mill | None:
    """The mill, held until the end of the transaction: whatever is published about its lists keeps its order."""
    return await fetch_one(
        conn,
        Mill,
        """
        SELECT organization_id, version, name, slug, status, country, language, time_zone, currency, trusted,
               sender_addresses, sender_domains
        FROM organization_replica
        WHERE organization_id = %(mill_id)s
        FOR NO KEY UPDATE
        """,
        {"mill_id": mill_id},
    )


async def mills_of_sender(conn: Conn, address: str) -> list[Mill]:
    """Mills that registered this address, or its domain. At most two: one is the answer, two are a question."""
    return await fetch_all(
        conn,
        Mill,
        """
        SELECT organization_id, version, name, slug, status, country, language, time_zone, currency, trusted,
               sender_addresses, sender_domains
        FROM organization_replica
        WHERE sender_addresses @> ARRAY[%(address)s] OR sender_domains @> ARRAY[%(domain)s]
        ORDER BY sender_addresses @> ARRAY[%(address)s] DESC, organization_id
        LIMIT 2
        """,
        {"address": address, "domain": address.rpartition("@")[2]},
    )
