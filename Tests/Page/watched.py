"""A real monitord that is fed line by line, with its page at a free port."""

import datetime
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.request

from browser import Failure

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Watched:
    """monitord on standard input, with a state directory, so that there is a history."""

    def __init__(self, binary, more=""):
        self.folder = tempfile.TemporaryDirectory(prefix="page-state-", ignore_cleanup_errors=True)
        folder = pathlib.Path(self.folder.name)
        self.log = folder / "alerts.jsonl"
        self.socket = folder / "control"
        configuration = folder / "monitord.toml"
        configuration.write_text(
            f'http = "127.0.0.1:0"\ncontrol = "{self.socket}"\nstate = "{folder / "state"}"\nlog = "{self.log}"\n'
            f"journal = false\n{more}\n[[source]]\nstdin = true\n"
            # A test that waits is no silence.
            "stalled_after = \"1h\"\n")
        self.process = subprocess.Popen(
            [binary, "run", "--config", str(configuration)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"})
        self.said = []
        self.has_said = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        self.sent = 0
        # The port is chosen by the system and told.
        self.address = self.wait_for_words(r"http\.address=(http://[0-9.:]+/)")

    def _listen(self):
        for line in self.process.stderr:
            with self.has_said:
                self.said.append(line)
                self.has_said.notify_all()
        with self.has_said:
            self.said.append("(it has ended)")
            self.has_said.notify_all()

    def wait_for_words(self, pattern, seconds=30):
        def found():
            return next((match for match in (re.search(pattern, line) for line in self.said) if match), None)

        with self.has_said:
            if not self.has_said.wait_for(lambda: found() or "(it has ended)" in self.said, seconds) or not found():
                raise Failure(f"monitord does not say {pattern}: {''.join(self.said)}")
            return found().group(1)

    def feed(self, lines, seconds=60):
        """Sends lines and waits until they have become samples."""
        self.send(lines)
        self.wait(lambda: self.status()["sources"][0]["lines"] >= self.sent, "the lines to be read", seconds)

    def send(self, lines):
        self.sent += len(lines)
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def ask(self, path):
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
            return json.load(answer)

    def status(self):
        return self.ask("api/v1/status")

    def alerts(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    @staticmethod
    def wait(condition, what, seconds=30):
        """Asks again and again, with a deadline."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise Failure(f"waited {seconds} s for {what}")
            threading.Event().wait(0.05)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def pump(rows=slice(None), pressure=1.0):
    """The lines of the demo's pump, its header first where they begin with the first; the pressure may be off by a factor."""
    lines = (ROOT / "samples/pump.csv").read_text().splitlines()
    found = [lines[0]] if rows.start in (None, 0) else []
    for line in lines[1:][rows]:
        cells = line.split(",")
        if pressure != 1 and cells[4]:
            cells[4] = f"{float(cells[4]) * pressure:.3f}"
        found.append(",".join(cells))
    return found


def instant(text):
    """Seconds since 1970 of an RFC 3339 time."""
    whole, _, part = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{part or 0}")
