#!/usr/bin/env python3
"""Takes the receivers of alerts away while incidents open and close, kills monitord meanwhile, and brings them back: a webhook and a
syslog receiver over TCP are gone for `--outage` seconds, another webhook is there all the time.

In the end each has every record, in the order of the rolling log; the one that was there had each at once."""

import calendar
import http.server
import json
import re
import socket
import socketserver
import threading
import time

from campaign import Box, arguments, campaign, check, kill, simulate, stop


class Server(socketserver.ThreadingTCPServer):
    """A receiver that can go away, with its connections, and come back at the same port."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, handler, port=0):
        self.open = set()
        super().__init__(("127.0.0.1", port), handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def process_request(self, request, address):
        self.open.add(request)
        super().process_request(request, address)

    def close(self):
        self.shutdown()
        self.server_close()
        for request in self.open:
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Receiver:
    """Keeps what it gets, with the time of each: (id, seq) in the order of arrival."""

    def __init__(self, there=True):
        self.found, self.server = [], None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if there:
            self.come()

    def come(self):
        self.server = Server(self.handler(), self.port)

    def go(self):
        self.server.close()

    def note(self, name):
        self.found.append((name, time.time()))

    def names(self):
        """What came, each once, in the order of its first coming; and how many came again."""
        first = list(dict.fromkeys(name for name, _ in self.found))
        return first, len(self.found) - len(first)


class Webhook(Receiver):
    def handler(self):
        note = self.note

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                record = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                note((record["id"], record["seq"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


class Syslog(Receiver):
    def handler(self):
        note = self.note

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while head := b"".join(iter(lambda: self.rfile.read(1).strip(), b"")):
                    message = self.rfile.read(int(head)).decode()
                    name = re.search(r' id="([0-9a-f]{16})" seq="(\d+)"', message)
                    note((name[1], int(name[2])))

        return Handler


def trial(options, random, work):
    recording = work / "whole.csv"
    simulate(recording, options.seed, 8, "pump", 2, ["spike/8", "step/8", "noise/5", "stuck/5"])
    lines = recording.read_bytes().splitlines(keepends=True)
    away, prompt, syslog = Webhook(), Webhook(), Syslog()
    box = Box(work / "box", ["a.csv"], log_size="10MiB")
    with open(box.config, "a", encoding="utf-8") as config:
        config.write(f'[[sink]]\nwebhook = "http://127.0.0.1:{away.port}"\n[[sink]]\nwebhook = "http://127.0.0.1:{prompt.port}"\n'
                     f'[[sink]]\nsyslog = "tcp://127.0.0.1:{syslog.port}"\n')
    begin = len(lines) // 3
    box.inputs[0].write_bytes(b"".join(lines[:begin]))
    daemon = box.start()
    wait(lambda: box.logged(), 60, "a first record")
    before = len(box.logged())
    away.go()
    syslog.go()
    gone, killed = time.monotonic(), False
    fed = begin
    while (passed := time.monotonic() - gone) < options.outage:
        # The last tenth of the time nothing comes: the wait between two tries is as long as it gets.
        due = begin + int((len(lines) - begin) * min(1, passed / options.outage / 0.9))
        with open(box.inputs[0], "ab") as file:
            file.write(b"".join(lines[fed:due]))
        fed = due
        if not killed and passed > options.outage / 2:
            kill(daemon)
            daemon, killed = box.start(), True
        time.sleep(0.5)
    held = len(box.logged())
    check(held > before + 5, f"only {held - before} records during the outage")
    away.come()
    syslog.come()
    back = time.time()
    expected = [(record["id"], record["seq"]) for record in box.logged()]
    for name, receiver in ("webhook", away), ("syslog", syslog), ("the webhook that was there", prompt):
        wait(lambda: len(receiver.names()[0]) >= len(expected), 180, f"everything at {name}")
    stop(daemon)
    for name, receiver in ("webhook", away), ("syslog", syslog), ("the webhook that was there", prompt):
        found, again = receiver.names()
        check(found == expected, f"{name} has another order: {found} for {expected}")
        check(again <= 3, f"{name} has {again} twice")
    written = {(one["id"], one["seq"]): one["emitted"] for one in box.logged()}
    late = max(at - seconds(written[name]) for name, at in prompt.found if name in written)
    check(late < 10, f"the webhook that was there waited {late:.1f} s for an alert")
    took = max(at for receiver in (away, syslog) for _, at in receiver.found) - back
    twice = sum(receiver.names()[1] for receiver in (away, prompt, syslog))
    print(f"outage: {options.outage} s, {held - before} records in it and {before} before, 1 kill: all at webhook and syslog in order "
          f"within {took:.1f} s of their return, at the webhook that was there {late:.2f} s behind the log at most, {twice} twice")


def seconds(text):
    """Seconds since 1970 of an RFC 3339 time with any number of decimals."""
    whole, _, decimals = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (decimals or "0"))


def wait(condition, limit, what):
    end = time.monotonic() + limit
    while not (found := condition()):
        check(time.monotonic() < end, f"waited {limit} s for {what}")
        time.sleep(0.1)
    return found


if __name__ == "__main__":
    campaign(trial, arguments(__doc__, outage=600), "onward")
