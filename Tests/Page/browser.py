"""A headless Chromium by the DevTools protocol, over a pair of pipes: nothing but Python's own library is needed."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Failure(Exception):
    """What was waited for did not come, or is not as it should be."""


class Browser:
    """A browser of its own, with an empty profile that goes with it."""

    NAMES = ("chromium", "chromium-browser", "google-chrome")

    def __init__(self):
        program = next((found for found in map(shutil.which, self.NAMES) if found), None)
        if not program:
            raise Failure("there is no chromium: scripts/install-dependencies.sh --tests installs it")
        self.folder = tempfile.TemporaryDirectory(prefix="page-browser-", ignore_cleanup_errors=True)
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        # The protocol is spoken on the descriptors 3 and 4.
        command = ["bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "bash", program]
        self.process = subprocess.Popen(
            command + [
                "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.folder.name}",
                # As root there is no sandbox, and in a container little shared memory.
                "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
                "--disable-extensions", "--disable-sync", "--metrics-recording-only", "--no-default-browser-check",
                "--disable-background-timer-throttling", "--hide-scrollbars", "--font-render-hinting=none",
            ],
            pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC", "LANG": "C.UTF-8"})
        os.close(to_browser)
        os.close(from_browser)
        self.rest = b""
        self.number = 0
        self.events = []

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.output)
        os.close(self.input)
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _message(self, deadline):
        while b"\0" not in self.rest:
            if not select.select([self.input], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failure("the browser does not answer")
            more = os.read(self.input, 1 << 20)
            if not more:
                raise Failure("the browser has ended")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, seconds=60, **parameters):
        """Calls a method of the protocol and returns its result; events that come meanwhile are kept."""
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        os.write(self.output, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + seconds
        while True:
            message = self._message(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise Failure(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def open(self, address, width=1280, height=900, dark=False):
        return Page(self, address, width, height, dark)


class Page:
    """A tab."""

    def __init__(self, browser, address, width, height, dark):
        self.browser = browser
        self.address = address
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        self.theme(dark)
        self.call("Page.navigate", url=address)

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def size(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def theme(self, dark):
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def run(self, expression):
        """The value of an expression of JavaScript, awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise Failure(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression, seconds=20):
        """Waits in the page until an expression is true, and returns its value."""
        found = self.run(
            f"""new Promise((resolve) => {{
                const end = performance.now() + {seconds * 1000};
                const look = () => {{
                    let value; try {{ value = {expression}; }} catch {{}}
                    if (value) resolve(typeof value === 'object' ? true : value);
                    else if (performance.now() > end) resolve(null);
                    else setTimeout(look, 20);
                }};
                look();
            }})""")
        if not found:
            text = self.run("document.body ? document.body.innerText.slice(0, 2000) : 'nothing'")
            raise Failure(f"after {seconds} s there is no {expression}; the page says:\n{text}")
        return found

    def go(self, view):
        """Follows a link within the page."""
        self.run(f"location.hash = {json.dumps(view)}")

    def key(self, name, code, text=None):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **more)

    def events(self, method):
        # What has come is read; a call makes sure of what came before it.
        self.run("1")
        return [e["params"] for e in self.browser.events if e.get("method") == method and e.get("sessionId") == self.session]

    def errors(self):
        """What the console was told that is no plain message, and exceptions."""
        found = [e["exceptionDetails"]["text"] + str(e["exceptionDetails"].get("exception", {}).get("description", ""))
                 for e in self.events("Runtime.exceptionThrown")]
        found += [str(e["args"]) for e in self.events("Runtime.consoleAPICalled") if e["type"] in ("error", "warning", "assert")]
        found += [f'{e["entry"]["text"]} {e["entry"].get("url", "")}' for e in self.events("Log.entryAdded")
                  if e["entry"]["level"] in ("error", "warning")]
        return found

    def requests(self):
        """The addresses of all that was asked for."""
        return [e["request"]["url"] for e in self.events("Network.requestWillBeSent")]

    def picture(self, most=2400):
        """A screenshot of the page from its top, at most so many pixels of it, as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], most), "scale": 1}
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(answer["data"])
