#!/usr/bin/env python3
"""Kills monitord without warning while datagrams arrive on a socket that outlives it: one that the service manager made
(socket activation), and one that monitord handed to the manager to keep (the file descriptor store).

The manager's part is played here. A row is sent to a datagram at a steady rate, while monitord is down too. What came after
the kill must all be learned; what came since the last commit is lost with the process, and counted."""

import array
import calendar
import os
import re
import socket
import statistics
import subprocess
import threading
import time

from campaign import BINARY, STARTED, Box, arguments, campaign, check, kill, stop

RATE = 2_000
FIRST = 1_792_000_000
ROOM = 8 << 20


class Sender(threading.Thread):
    """Sends numbered rows at a steady rate, whoever listens."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.sent, self.ended = address, 0, False
        self.start()

    def run(self):
        out, begin = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), time.monotonic()
        while not self.ended:
            due = int((time.monotonic() - begin) * RATE)
            while self.sent < due:
                number = self.sent
                out.sendto(b"pump temp=%d.%03d %d\n" % (60 + number % 7, number * 37 % 1000, FIRST + number), self.address)
                self.sent += 1
            time.sleep(0.002)

    def end(self):
        self.ended = True
        self.join()
        return self.sent


class Manager:
    """What a service manager does with sockets: it passes them on, and keeps those it is given."""

    def __init__(self, box, keeps):
        self.path = str(box.folder / "notify")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path)
        self.notify.settimeout(30)
        self.keeps, self.kept, self.box = keeps, None, box
        self.address = None
        if not keeps:
            self.kept = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.kept.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), ROOM)
            self.kept.bind(("127.0.0.1", 0))
            self.address = self.kept.getsockname()
            self.name = "monitord.socket"
        else:
            probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            probe.bind(("127.0.0.1", 0))
            self.address = probe.getsockname()
            probe.close()

    def start(self):
        """Starts monitord; returns when it is ready and, where it is to be kept, its socket has come."""
        command = [BINARY, "run", "--no-journal", "--config", str(self.box.config), "--state", str(self.box.state),
                   "--log", "none", "--udp", "%s:%d" % self.address, "--format", "influx"]
        environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "NOTIFY_SOCKET": self.path}
        passed = ()
        if self.kept:
            number = self.kept.fileno()
            passed = (number,)
            command = ["bash", "-c", f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES={self.name} exec "$@"',
                       "bash"] + command
        with open(self.box.errors, "ab") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, pass_fds=passed, env=environment)
        STARTED.append(process)
        ready = False
        while not ready or not self.kept:
            text, ancillary, _, _ = self.notify.recvmsg(4096, socket.CMSG_SPACE(16))
            descriptors = array.array("i")
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    descriptors.frombytes(data[:len(data) - len(data) % descriptors.itemsize])
            for descriptor in descriptors:
                if b"FDSTORE=1" in text and not self.kept:
                    self.kept = socket.socket(fileno=descriptor)
                    self.name = re.search(rb"FDNAME=(\S+)", text)[1].decode()
                else:
                    os.close(descriptor)
            ready |= b"READY=1" in text
            check(process.poll() is None, f"monitord ended by itself with {process.returncode}: see {self.box.errors}")
        return process


def committed(box):
    """The number of the last row that the state has learned."""
    result = subprocess.run([BINARY, "state", "list", "--state", str(box.state)], capture_output=True, text=True)
    found = re.search(r"last sample (\S+?),", result.stdout)
    if not found:
        return -1
    seconds = time.strptime(found[1].rstrip("Z").split(".")[0], "%Y-%m-%dT%H:%M:%S")
    return calendar.timegm(seconds) - FIRST


def wait_until_read(manager, process):
    """Waits until nothing is left in the socket."""
    inode, deadline = os.fstat(manager.kept.fileno()).st_ino, time.monotonic() + 30
    while True:
        check(time.monotonic() < deadline and process.poll() is None, "the socket is not read to its end")
        for line in open("/proc/net/udp").read().splitlines()[1:]:
            fields = line.split()
            if int(fields[9]) == inode:
                if int(fields[4].split(":")[1], 16) == 0:
                    return int(fields[12])
        time.sleep(0.01)


def kills(options, chance, work, keeps):
    """Lives that end in a kill, and a last one that ends in order."""
    name = "file descriptor store" if keeps else "socket passed in"
    box = Box(work / ("store" if keeps else "passed"), [])
    manager = Manager(box, keeps)
    process = manager.start()
    sender = Sender(manager.address)
    losses = []
    for _ in range(options.kills):
        time.sleep(chance.uniform(0.5, 3))
        # Counted before the kill: what is sent from now on may not be lost.
        kill(process)
        sent = sender.sent
        losses.append(sent - 1 - committed(box))
        check(losses[-1] >= 0, "more rows are learned than were sent")
        time.sleep(chance.uniform(0, 1))
        process = manager.start()
    time.sleep(1)
    sent = sender.end()
    dropped = wait_until_read(manager, process)
    stop(process)
    end = [line for line in box.errors.read_text().splitlines() if line.startswith("stopped watching")][-1]
    samples = int(re.search(r"stream\.samples=(\d+)", end)[1])
    check(dropped == 0, f"{name}: the socket's buffer was too small for what came while monitord was down: {dropped} dropped")
    lost = sent - samples
    check(0 <= lost <= sum(losses), f"{name}: {lost} of {sent} rows lost, {sum(losses)} of them since a commit: "
                                    f"{lost - sum(losses)} that came while monitord was down")
    print(f"{name}: {options.kills} kills at {RATE} rows/s, {sent} rows sent, {lost} not learned, all read since the last "
          f"commit: {lost // options.kills} a kill ({lost / options.kills / RATE:.2f} s); rows behind at a kill: median "
          f"{int(statistics.median(losses))}, most {max(losses)}, of which {sum(losses) - lost} waited in the socket and "
          f"were learned; 0 lost of those that came while it was down")


def main(options, chance, work):
    for keeps in (False, True):
        kills(options, chance, work, keeps)


if __name__ == "__main__":
    campaign(main, arguments(__doc__, kills=30), "udp campaign")
