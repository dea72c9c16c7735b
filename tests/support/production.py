"""A system with the settings of production, a mill and a buyer in it, and nginx in front."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import psycopg

from deploy.market import PASSWORD
from tests.support.load import Ledger, under_load
from tests.support.marketplace import Marketplace
from tests.support.nginx import Nginx, running_nginx
from tests.support.system import System, running_system
from tests.support.wait import until

SINGLY = {"PM2_CONCURRENT_ACTIONS": "1"}  # as the runbook says for production
MARKET: dict[str, Any] = {
    "mills": [{
        "id": "mill", "name": "Mill", "country": "DE", "trusted": True, "domain": "mill.example",
        "sender_addresses": ["l@mill.example"],
        "users": [{"email": "m@mill.example", "name": "M", "org_role": "owner"}],
    }],
    "buyers": [{"id": "buyer", "name": "Buyer", "country": "DE", "kind": "converter", "email": "b@buyer.example"}],
    "requirements": [],
}  # fmt: skip
LOT = {"grade_code": "TL_3", "form": "reel", "gsm": "120", "width_mm": 2000, "weight_net_kg": "1000",
       "location_country": "DE"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    system: System
    market: Marketplace
    nginx: Nginx
    session: aiohttp.ClientSession
    item_ids: list[str]

    async def under_load(self, command: str) -> Ledger:
        """What people met while the command ran, and a moment before and after."""
        bearers = {name: self.market.bearer(name) for name in ("mill", "buyer")}
        sign_in = {"email": self.market.address_of("buyer"), "password": PASSWORD}
        async with under_load(self.session, bearers, sign_in=sign_in, lot=LOT, item_ids=self.item_ids) as ledger:
            await until(lambda: ledger.total > 50, deadline_s=20, what="some load")
            done = await asyncio.to_thread(self.system.shell, command, timeout_s=240)
            assert done.returncode == 0, done.stdout + done.stderr
            enough = ledger.total + 50
            await until(lambda: ledger.total > enough, deadline_s=30, what="some load afterwards")
        return ledger

    def drafts(self) -> list[str]:
        url = self.system.layout.secrets()["OFFCUT_CATALOG_DATABASE_URL"]
        with psycopg.connect(url) as conn:
            return [ref for (ref,) in conn.execute("SELECT lot_ref FROM item WHERE lot_ref IS NOT NULL")]


@asynccontextmanager
async def production() -> AsyncGenerator[Place]:
    with running_system("--production", "--no-demo", **SINGLY) as system:
        market = Marketplace(system)
        market.open()
        market.load(MARKET)
        item_ids = [market.client("mill").send("POST", "/items", LOT, key=f"lot {n}")["id"] for n in range(2)]
        market.wait_until_quiet()
        with running_nginx(system.layout.gateway_ports) as nginx:
            connector = aiohttp.TCPConnector(ssl=nginx.trust, limit=0)
            timeout = aiohttp.ClientTimeout(total=60)
            async with aiohttp.ClientSession(nginx.address, connector=connector, timeout=timeout) as session:
                yield Place(system, market, nginx, session, item_ids)
        market.close()
