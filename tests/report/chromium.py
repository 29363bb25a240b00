"""A headless Chromium, told what to do through a pair of pipes; no driver is needed."""

import base64
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Self

from PIL import Image


class Chromium:
    """One page in one browser.

    Args:
        profile: A directory for the browser's own files.
    """

    def __init__(self, profile: Path) -> None:
        self.complaints: list[str] = []
        self._number = 0
        their_input, self._commands = os.pipe()
        self._events, their_output = os.pipe()
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        flags += ["--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        script = f'exec chromium "$@" 3<&{their_input} 4>&{their_output}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "chromium", *flags],
            pass_fds=(their_input, their_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_input)
        os.close(their_output)
        self._incoming = os.fdopen(self._events, "rb")
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._commands)
        self._process.terminate()
        self._process.wait(20)
        self._incoming.close()

    def open(self, url: str) -> None:
        """Opens a page and waits until it is there."""
        self._ask("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in JavaScript."""
        return self._ask("Runtime.evaluate", expression=expression)["result"].get("value")

    def click(self, x: float, y: float) -> None:
        """Presses the mouse and lets it go."""
        for kind in ("mousePressed", "mouseReleased"):
            place = {"x": x, "y": y, "button": "left", "clickCount": 1}
            self._ask("Input.dispatchMouseEvent", type=kind, **place)

    def press(self, key: str) -> None:
        """Presses a key and lets it go."""
        codes = {"ArrowLeft": 37, "ArrowRight": 39}
        for kind in ("keyDown", "keyUp"):
            names = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
            self._ask("Input.dispatchKeyEvent", type=kind, **names)

    def pixel(self, x: float, y: float) -> int:
        """The red value of a pixel of the page as it is shown."""
        data = self._ask("Page.captureScreenshot", format="png")["data"]
        image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        return image.getpixel((round(x), round(y)))[0]

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._incoming.read(1)) != b"\0":
            assert byte, "the browser has gone"
            text += byte
        message = json.loads(text)
        if message.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded"}:
            self.complaints.append(json.dumps(message["params"]))
        return message
