"""The metrics as Prometheus sees them: promtool's check, a real Prometheus that scrapes them, and the dashboard's questions.

    scrape.py BINARY CHECK

CHECK is the name of one of the functions below that have a docstring, or nothing for all.
"""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
import urllib.error
import urllib.parse
import urllib.request

from browser import Failure
from watched import ROOT, Watched, pump


def expect(condition, words):
    if not condition:
        raise Failure(words)


def metrics(watched):
    with urllib.request.urlopen(watched.address + "metrics", timeout=60) as answer:
        return answer.read()


def promtool(text, where):
    result = subprocess.run([shutil.which("promtool"), "check", "metrics"], input=text, capture_output=True, check=False)
    expect(result.returncode == 0 and not result.stderr, f"{where}: promtool says {result.stderr.decode()}")


def checked(binary):
    """promtool has nothing to say about the metrics, before the first line and with everything counted."""
    with Watched(binary) as watched:
        promtool(metrics(watched), "before the first line")
        watched.feed(pump(slice(None, 300)) + ["not,a,line", "2026-03-02T06:00:00Z,1,1,1,1"])
        text = metrics(watched)
        expect(b'monitord_source_unusable_lines_total{reason="' in text, "nothing unusable is counted")
        promtool(text, "fed")


def bounded(binary):
    """With ten thousand series there are as many lines as with one."""
    with Watched(binary, 'profile = "lean"\nmax_memory = "4GiB"\n') as watched:
        head = ["time,series,load"]
        watched.feed(head + [f"{1772000000 + tick},only,{tick % 3}" for tick in range(4)])
        before = metrics(watched)
        expect(b'monitord_stream_series{stream="input"} 1\n' in before, "the first series is not there")
        watched.feed([f"{1772000010 + tick},s{key},{key % 7}" for tick in range(4) for key in range(9_999)], seconds=300)
        after = watched.wait(
            lambda: b'monitord_stream_series{stream="input"} 10000\n' in (text := metrics(watched)) and text, "10,000 series", 300)
        lines = [text.count(b"\n") for text in (before, after)]
        print(f"{lines[0]} lines of 1 series, {lines[1]} of 10000")
        expect(lines[0] == lines[1], f"the metrics grow with the series: {lines} lines")
        promtool(after, "10,000 series")


class Prometheus:
    """A real one, on a port of its own, that scrapes an address each second."""

    def __init__(self, target):
        self.folder = tempfile.TemporaryDirectory(prefix="page-prometheus-", ignore_cleanup_errors=True)
        folder = pathlib.Path(self.folder.name)
        (folder / "prometheus.yml").write_text(
            "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: monitord\n    static_configs:\n"
            f"      - targets: ['{target}']\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.address = f"http://{address}"
        self.process = subprocess.Popen(
            [shutil.which("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address={address}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, path, **query):
        try:
            with urllib.request.urlopen(f"{self.address}{path}?{urllib.parse.urlencode(query)}", timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            # It reads what it has stored, and is not ready.
            if error.code == 503:
                return None
            raise Failure(f"{query}: {error.read().decode()}") from error
        except OSError:
            # It does not listen yet.
            return None

    def close(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def scraped(binary):
    """A real Prometheus scrapes it, has its samples, and every question of the dashboard is one that it understands."""
    with Watched(binary) as watched:
        watched.feed(pump(slice(None, 500)))
        target = watched.address.removeprefix("http://").rstrip("/")
        with Prometheus(target) as prometheus:
            def health():
                found = prometheus.ask("/api/v1/targets") or {"activeTargets": []}
                return [one for one in found["activeTargets"] if one["health"] == "up"]

            up = watched.wait(health, "the target to be up", 60)
            expect(not up[0]["lastError"], up[0]["lastError"])

            def value(query):
                found = prometheus.ask("/api/v1/query", query=query)
                return float(found["result"][0]["value"][1]) if found and found["result"] else None

            lines = watched.status()["sources"][0]["lines"]
            watched.wait(lambda: value('monitord_source_lines_total{source="standard input"}') == lines, "the lines of the pump")
            watched.feed(pump(slice(500, 700)))
            watched.wait(lambda: value('monitord_source_lines_total{source="standard input"}') == lines + 200, "200 lines more")
            expect(value("monitord_stream_series") == 1, "it has not one series")
            # With two scrapes there is a rate.
            watched.wait(lambda: (value("rate(process_cpu_seconds_total[1m])") or 0) > 0, "a rate")
            dashboard = json.loads((ROOT / "etc/grafana/monitord.json").read_text())
            asked = answered = 0
            for panel in dashboard["panels"]:
                for question in panel.get("targets", []):
                    text = question["expr"].replace("$instance", ".*").replace("$__rate_interval", "1m")
                    asked += 1
                    answered += bool(prometheus.ask("/api/v1/query", query=text)["result"])
            print(f"{asked} questions of the dashboard, {answered} of them with an answer")
            # What stands empty is of what did not happen: unusable lines.
            expect(asked >= 30 and answered >= asked - 2, f"of {asked} questions {answered} have an answer")


CHECKS = {check.__name__: check for check in (checked, bounded, scraped)}


def main():
    binary, names = sys.argv[1], sys.argv[2:] or list(CHECKS)
    failed = False
    for name in names:
        try:
            CHECKS[name](binary)
            print(f"{name}: holds")
        except Exception as error:
            failed = True
            print(f"{name}: {error if isinstance(error, Failure) else traceback.format_exc()}", file=sys.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
