"""A real browser without a window, led by its own protocol: pages are loaded, keys are pressed, words are read."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import orjson

from tests.support.wait import until

JSON = dict[str, Any]
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0",
         "--no-first-run", "--window-size=1200,900")  # fmt: skip
KEYS = {"Tab": 9, "Enter": 13}


class Tab:
    """One page. ``complaints``: what the browser wrote to its console, such as what a policy forbade."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: object) -> JSON:
        number = next(self._numbers)
        await self._socket.send_str(orjson.dumps({"id": number, "method": method, "params": parameters}).decode())
        while True:
            message: JSON = orjson.loads((await self._socket.receive(timeout=20)).data)
            if message.get("method") == "Log.entryAdded":
                entry = message["params"]["entry"]
                self.complaints += [entry["text"]] if entry["source"] != "network" else []  # the icon it always wants
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]

    async def look(self, script: str) -> Any:
        """The value of a piece of script in the page."""
        found = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def open(self, address: str) -> None:
        await self.call("Page.navigate", url=address)
        await self.until(f"location.href.startsWith({orjson.dumps(address).decode()})")

    async def until(self, condition: str) -> None:
        """Wait until the page is loaded and the script says true."""

        async def holds() -> bool:
            return bool(await self.look(f"document.readyState === 'complete' && Boolean({condition})"))

        await until(holds, deadline_s=20, what=condition)

    async def press(self, key: str) -> None:
        code = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **code, **text)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    async def write(self, text: str) -> None:
        """Into whatever has the focus."""
        await self.call("Input.insertText", text=text)

    async def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is on what the selector names; at most once around the page."""
        for _ in range(60):
            if await self.look(f"document.activeElement.matches({orjson.dumps(selector).decode()})"):
                return
            await self.press("Tab")
        raise AssertionError(f"no Tab leads to {selector}")


@asynccontextmanager
async def tab() -> AsyncGenerator[Tab]:
    """A browser with nothing in it."""
    program = shutil.which("chromium")
    assert program is not None, "the ring looks for it first"
    with TemporaryDirectory() as folder:
        command = [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            port = Path(folder) / "DevToolsActivePort"
            await until(lambda: port.is_file() and "\n" in port.read_text(), deadline_s=20, what="chromium")
            address = f"http://127.0.0.1:{port.read_text().splitlines()[0]}/json"
            async with aiohttp.ClientSession() as session:
                async with session.get(address) as answer:
                    page = next(one for one in await answer.json() if one["type"] == "page")
                async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    made = Tab(socket)
                    await made.call("Log.enable")
                    await made.call("Page.enable")
                    yield made
        finally:
            process.terminate()
            await process.wait()
