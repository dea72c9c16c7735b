"""A list that exists for tests only: reels of paper, with every kind of field."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI, Response
from pydantic import BaseModel

from shared.auth import AnyActor
from shared.config import ServiceSettings
from shared.contracts.gateway import Role
from shared.db import Conn, Database
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question
from shared.listing import Asked, listed
from shared.paging import Page
from shared.service import create_app, router
from tests.support.database import service_database
from tests.support.tokens import PUBLIC_KEY, bearer

REELS = Listing(
    {
        "maker": Field(Kind.TEXT, "r.maker"),
        "grade": Field(Kind.TEXT, "r.grade", nullable=True, words=("kraft", "liner", "sack")),
        "gsm": Field(Kind.NUMBER, "r.gsm", nullable=True),
        "width_mm": Field(Kind.INTEGER, "r.width_mm"),
        "made_on": Field(Kind.DATE, "r.made_on", nullable=True),
        "listed_at": Field(Kind.INSTANT, "r.listed_at"),
        "is_open": Field(Kind.FLAG, "r.is_open"),
        "marks": Field(Kind.SET, "r.marks"),
        "cost": Field(Kind.NUMBER, "r.cost", hidden_from=frozenset({Role.BUYER_USER})),
        "price": Field(Kind.NUMBER, "r.price", nullable=True, seen={Role.BUYER_USER: "r.is_open"}),
    },
    id="r.id",
    sort="-listed_at",
    also=("q",),
    facets=("grade", "gsm", "maker", "price"),
)


class Place(BaseModel):
    country: str
    town: str | None


class Reel(BaseModel):
    id: UUID
    maker: str
    grade: str | None
    gsm: str | None
    width_mm: int
    made_on: date | None
    listed_at: datetime
    marks: list[str]
    place: Place | None
    price: str | None


async def fetched(conn: Conn, question: Question, *, role: Role) -> Found[dict[str, Any]]:
    return await question.fetch(
        conn,
        dict,
        """
        SELECT {mark}, r.id, r.maker, r.grade, r.gsm::text AS gsm, r.width_mm, r.made_on, r.listed_at, r.marks,
            CASE WHEN r.is_open OR %(role)s <> 'buyer_user' THEN r.price::text END AS price
        FROM reel AS r
        WHERE true {filters}
        {order}
        """,
        {"role": role.value},
    )


def shown(row: dict[str, Any]) -> Reel:
    return Reel(**row, place=Place(country="AT", town="=Graz") if row["width_mm"] % 2 else None)


reels = router("reels")


@reels.get("/reels", response_model=Page[Reel])
async def many(asked: Annotated[Asked, listed(REELS)], actor: AnyActor) -> Page[Reel] | Response:
    return await asked.answer(partial(fetched, role=actor.role), shown)


def rows() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    grades, weights, makers = (
        ("kraft", "liner", None),
        (Decimal("80"), Decimal("80.5"), None),
        ("Aa", "=1+1", "-7", "B"),
    )
    for n, (grade, gsm, maker) in enumerate(itertools.product(grades, weights, makers)):
        made.append(
            {
                "id": uuid4(),
                "grade": grade,
                "gsm": gsm,
                "maker": maker,
                "width_mm": 1000 + n % 5,
                "made_on": None if n % 3 else date(2026, 11, 1 + n % 4),
                "listed_at": datetime(2026, 11, 20, 9, n % 7, tzinfo=UTC),
                "is_open": n % 2 == 0,
                "marks": ["FSC", "PEFC"][: n % 3],
                "cost": Decimal(n),
                "price": Decimal(600 - n) if n % 4 else None,
            }
        )
    return made


ROWS = rows()


@asynccontextmanager
async def shop() -> AsyncGenerator[tuple[FastAPI, Database]]:
    """The app with its rows in a fresh database."""
    async with service_database("catalog") as db:
        async with db.transaction() as conn:
            await conn.execute(
                "CREATE TABLE reel (id uuid PRIMARY KEY, grade text, gsm numeric, maker text NOT NULL, width_mm int,"
                " made_on date, listed_at timestamptz, is_open boolean, marks text[], cost numeric, price numeric)"
            )
            async with conn.cursor() as cursor:
                await cursor.executemany(
                    "INSERT INTO reel VALUES (%(id)s, %(grade)s, %(gsm)s, %(maker)s, %(width_mm)s, %(made_on)s,"
                    " %(listed_at)s, %(is_open)s, %(marks)s, %(cost)s, %(price)s)",
                    ROWS,
                )
        settings = ServiceSettings.model_validate(
            {"service": "catalog", "database_url": db.url, "port": 1, "worker_port": 1, "redis_url": "redis://nowhere",
             "public_key": PUBLIC_KEY, "cursor_key": "secret"}
        )  # fmt: skip
        app = create_app(settings, title="Reels", routers=[reels])
        async with app.router.lifespan_context(app):
            yield app, db


def visitor(app: FastAPI) -> httpx.AsyncClient:
    """Somebody of a mill, who sees everything."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test/mvp/api", headers=bearer("mill_user", uuid4()))
