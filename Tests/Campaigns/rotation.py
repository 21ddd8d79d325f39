#!/usr/bin/env python3
"""Rotation under the finished binary: a writer, a rotator and restarts, all at once and at random moments.

    Tests/Campaigns/rotation.py BINARY [--lines 20000] [--seed 1] [--case TEXT]

Each case writes numbered lines, one a second of event time, to a file that `monitord run --file` follows with its state in a
folder, and rotates it in one way. The moments of rotations, pauses and restarts, and whether it is stopped or killed before them, come
from the seed. At the end the lines are counted that monitord says it took in (its counters are part of its state): as samples,
as late (a line of a past second: read twice, or out of order) and as unusable. Prints a table; exits 1 when a line was lost or read
twice, or a loss that cannot be prevented was not told; of one case what is lost is only counted. Cases that need logrotate, or to begin as root, are left out without.
"""
import argparse
import gzip
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FIRST = 1_792_000_000


class Scene:
    """A followed path in a folder of its own, its writer and its reader."""

    def __init__(self, options, pattern="a.csv", user=None, every="1s"):
        self.options = options
        self.random = random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="monitord-rotation-")
        os.chmod(self.folder, 0o755)
        self.pattern = pattern
        self.user = user
        self.every = every
        self.written = 0
        self.runs = 0
        self.counts = {}
        self.daemon = None
        self.file = None
        os.mkdir(self.path("state"))
        if user:
            shutil.chown(self.path("state"), user)

    def path(self, name):
        return os.path.join(self.folder, name)

    # The reader

    def start(self):
        self.log = open(self.path("messages"), "a+")
        self.runs += 1
        known = os.path.getsize(self.path("messages"))
        self.daemon = subprocess.Popen(
            [self.options.binary, "run", "--file", self.path(self.pattern), "--state", self.path("state"),
             "--no-journal", "--log", "none"],
            stdout=subprocess.DEVNULL, stderr=self.log, user=self.user, cwd="/",
            env={**os.environ, "MONITORD_COMMIT_EVERY": self.every})
        # A signal before it listens to signals would end it out of order.
        for _ in range(300):
            time.sleep(0.05)
            with open(self.path("messages")) as file:
                file.seek(known)
                text = file.read()
            if "following file" in text or "waiting for it" in text:
                return

    def activity(self):
        with open(f"/proc/{self.daemon.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        with open(f"/proc/{self.daemon.pid}/io") as io:
            return int(fields[11]) + int(fields[12]), int(io.readline().split()[1])

    def settle(self):
        """Waits until the reader has read and scored all there is: it does nothing any more."""
        still = 0
        last = self.activity()
        while still < 3:
            time.sleep(0.4)
            now = self.activity()
            still = still + 1 if now[0] - last[0] < 3 else 0
            last = now

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        if self.daemon.wait(timeout=60) != 0:
            raise SystemExit(f"monitord ended with {self.daemon.returncode}: see {self.path('messages')}")

    def restart(self, meanwhile=lambda: None):
        # Before the first commit there is no place to go on from.
        if self.runs == 1:
            self.settle()
        if self.runs == 1 or self.random.random() < 0.5:
            self.stop()
        else:
            self.daemon.kill()
            self.daemon.wait()
        meanwhile()
        self.start()

    def read_counts(self):
        with open(self.path("messages")) as file:
            text = file.read()
        end = [line for line in text.splitlines() if line.startswith("stopped watching")][-1]
        for key in ["samples", "late", "duplicates", "unusable"]:
            found = re.search(rf"stream\.{key}=(\d+)", end)
            self.counts[key] = int(found[1]) if found else 0
        self.counts["told"] = text.count("part of a file was lost") + text.count("is lost; reading from")

    # The writer

    def open(self, name="a.csv", header=True):
        if self.file:
            self.file.close()
        self.file = open(self.path(name), "ab", buffering=0)
        if header:
            self.file.write(b"time,a\n")

    def text(self, lines):
        first = self.written
        self.written += lines
        return "".join(f"{FIRST + n},{20 + n % 7}.{n % 10}\n" for n in range(first, first + lines)).encode()

    def write(self, lines, pausing=True):
        """Lines in pieces that end anywhere."""
        rest = self.text(lines)
        while rest:
            size = self.random.randint(1, max(64, len(rest) // 2))
            self.file.write(rest[:size])
            rest = rest[size:]
            if pausing:
                self.pause()

    def pause(self):
        if self.random.random() < 0.5:
            time.sleep(self.random.random() * 0.03)

    # The rotator

    def shift(self, name="a.csv"):
        numbers = [n for n in range(1, 100) for end in ["", ".gz"] if os.path.exists(self.path(f"{name}.{n}{end}"))]
        for number in sorted(numbers, reverse=True):
            for end in ["", ".gz"]:
                if os.path.exists(self.path(f"{name}.{number}{end}")):
                    os.rename(self.path(f"{name}.{number}{end}"), self.path(f"{name}.{number + 1}{end}"))

    def rename(self, name="a.csv", other=None):
        if other is None:
            self.shift(name)
            other = f"{name}.1"
        os.rename(self.path(name), self.path(other))

    def copytruncate(self, name="a.csv", other=None):
        if other is None:
            self.shift(name)
            other = f"{name}.1"
        shutil.copyfile(self.path(name), self.path(other))
        os.truncate(self.path(name), 0)

    def pack(self, name):
        with open(self.path(name), "rb") as plain, gzip.open(self.path(name + ".gz"), "wb") as packed:
            shutil.copyfileobj(plain, packed)
        os.remove(self.path(name))

    def logrotate(self, words):
        with open(self.path("logrotate.conf"), "w") as file:
            file.write(f"{self.path('a.csv')} {{\nrotate 30\nsize 1\n{words}\n}}\n")
        os.chmod(self.path("logrotate.conf"), 0o644)
        subprocess.run(
            ["logrotate", "-f", "-s", self.path("logrotate.state"), self.path("logrotate.conf")], check=True,
            stderr=subprocess.DEVNULL)


def append(scene, lines):
    scene.open()
    for _ in range(5):
        scene.write(lines // 5)
        scene.restart()


def rename_fast(scene, lines):
    scene.open()
    for index in range(20):
        scene.write(lines // 20, pausing=False)
        scene.rename()
        scene.open()
        if index % 7 == 6:
            scene.restart()


def rename_late(scene, lines):
    scene.open()
    for _ in range(10):
        scene.write(lines // 20)
        scene.rename()
        open(scene.path("a.csv"), "w").close()
        scene.write(lines // 20)
        scene.open()
    scene.restart()


def rename_down(scene, lines):
    scene.open()
    for _ in range(4):
        scene.write(lines // 20)

        def meanwhile():
            for _ in range(4):
                scene.write(lines // 20, pausing=False)
                scene.rename()
                scene.open()

        scene.restart(meanwhile)


def packed_down(scene, lines):
    scene.open()
    for _ in range(3):
        scene.write(lines // 12)

        def meanwhile():
            for _ in range(3):
                scene.write(lines // 12, pausing=False)
                scene.rename()
                scene.pack("a.csv.1")
                scene.open()

        scene.restart(meanwhile)


def late_down(scene, lines):
    """A late writer: what it puts into the rotated file while monitord is down is read after the start."""
    scene.open()
    for _ in range(10):
        scene.write(lines // 20)
        scene.settle()
        scene.rename()
        late, scene.file = scene.file, None
        scene.open()
        scene.write(lines // 20)
        scene.settle()

        def meanwhile():
            late.write(scene.text(lines // 200))

        scene.restart(meanwhile)
        late.close()


def early_kill(scene, lines, seconds=0.0):
    """Killed in its first second, while the file rotates: there may be no place to go on from. Counted."""
    scene.open()
    for _ in range(4):
        scene.write(lines // 8)
        time.sleep(seconds)
        scene.rename()
        scene.open()
    scene.daemon.kill()
    scene.daemon.wait()
    scene.start()
    scene.write(lines // 2)


def first_minute(scene, lines):
    """Killed before commits are due by `commit_every`: the first one does not wait for that."""
    early_kill(scene, lines, 3)


def dates(scene, lines):
    scene.open()
    for day in range(10, 30):
        scene.write(lines // 20, pausing=day % 3 == 0)
        scene.rename(other=f"a.csv-202611{day}")
        scene.open()
        if day % 5 == 0:
            scene.restart()


def copytruncate_slow(scene, lines):
    scene.open()
    for index in range(5):
        scene.write(lines // 5)
        scene.settle()
        scene.copytruncate()
        scene.open()
        if index == 2:
            scene.restart()


def copytruncate_fast(scene, lines):
    scene.open()
    for index in range(20):
        scene.write(lines // 40)
        scene.write(lines // 40, pausing=index % 2 == 0)
        scene.copytruncate()
        scene.open()
        if index % 7 == 6:
            scene.restart()


def copytruncate_down(scene, lines):
    scene.open()
    for _ in range(4):
        scene.write(lines // 20)

        def meanwhile():
            for _ in range(4):
                scene.write(lines // 20, pausing=False)
                scene.copytruncate()
                scene.open()

        scene.restart(meanwhile)


def truncated_down(scene, lines):
    """Without a copy: what was not read is lost, and it must be told."""
    scene.open()
    scene.write(lines // 2)

    def meanwhile():
        scene.write(lines // 4, pausing=False)
        os.truncate(scene.path("a.csv"), 0)
        scene.open()
        scene.write(lines // 4, pausing=False)

    scene.restart(meanwhile)


def delete_and_create(scene, lines):
    scene.open()
    scene.settle()
    for _ in range(10):
        scene.write(lines // 10)
        time.sleep(0.4)
        os.remove(scene.path("a.csv"))
        scene.open()
    scene.restart()


def link(scene, lines):
    for index in range(5):
        scene.open(f"file{index}")
        os.symlink(scene.path(f"file{index}"), scene.path("link"))
        os.rename(scene.path("link"), scene.path("now.csv"))
        scene.write(lines // 5)
        time.sleep(0.6)
        if index == 2:
            scene.settle()
            scene.restart()


def folder(scene, lines):
    for index in range(5):
        if index:
            scene.settle()
            os.rename(scene.path("logs"), scene.path(f"logs{index}"))
        os.mkdir(scene.path("logs"))
        scene.open("logs/a.csv")
        scene.write(lines // 5)


def permission(scene, lines):
    scene.open()
    scene.settle()
    for _ in range(5):
        scene.write(lines // 10)
        scene.rename()
        scene.open()
        os.chmod(scene.path("a.csv"), 0o600)
        scene.write(lines // 10)
        time.sleep(0.4)
        os.chmod(scene.path("a.csv"), 0o644)
    scene.restart()


def logrotate_create(scene, lines):
    scene.open()
    for index in range(10):
        scene.write(lines // 20)
        scene.logrotate("create\ncompress\ndelaycompress")
        scene.write(lines // 20)
        scene.open()
        if index % 4 == 3:
            scene.restart()


def logrotate_compress(scene, lines):
    scene.open()
    for index in range(10):
        scene.write(lines // 10)
        scene.logrotate("nocreate\ncompress")
        scene.open()
        if index % 4 == 3:
            scene.restart(lambda: scene.logrotate("nocreate\ncompress"))
            scene.open()


def logrotate_copytruncate(scene, lines):
    scene.open()
    for index in range(10):
        scene.write(lines // 10)
        scene.logrotate("copytruncate\ncompress")
        scene.open()
        if index % 4 == 3:
            scene.restart()


CASES = [
    ("append", append, {}),
    ("rename and create, twenty times fast", rename_fast, {}),
    ("rename and create, the writer late to reopen", rename_late, {}),
    ("renamed four times while it was down", rename_down, {}),
    ("rotated and packed three times while it was down", packed_down, {}),
    ("written to late while it was down", late_down, {}),
    ("killed in its first second", early_kill, {"counted": True}),
    ("killed in its first minute, commits due each minute", first_minute, {"every": "1min"}),
    ("names with dates, fast", dates, {}),
    ("copytruncate, slow", copytruncate_slow, {}),
    ("copytruncate, twenty times fast", copytruncate_fast, {}),
    ("copied and truncated four times while it was down", copytruncate_down, {}),
    ("truncated without a copy while it was down", truncated_down, {"told": True}),
    ("delete and create", delete_and_create, {"feared": True}),
    ("a symbolic link that is switched", link, {"pattern": "now.csv"}),
    ("the folder is replaced", folder, {"pattern": "logs/a.csv"}),
    ("the new file may not be read for a while", permission, {"user": "nobody"}),
    ("logrotate: create, delaycompress", logrotate_create, {"needs": "logrotate"}),
    ("logrotate: nocreate, compress", logrotate_compress, {"needs": "logrotate"}),
    ("logrotate: copytruncate, compress", logrotate_copytruncate, {"needs": "logrotate"}),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--lines", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", default="")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    print(f"seed {options.seed}")
    print("| case | lines written | read | lost | twice | starts | told |")
    print("|---|---|---|---|---|---|---|", flush=True)
    failed = False
    for name, run, needs in CASES:
        if options.case not in name:
            continue
        if "needs" in needs and not shutil.which(needs["needs"]) or "user" in needs and os.geteuid() != 0:
            print(f"| {name} | left out | | | | | |")
            continue
        scene = Scene(options, needs.get("pattern", "a.csv"), needs.get("user"), needs.get("every", "1s"))
        scene.start()
        run(scene, options.lines)
        time.sleep(2.5)
        scene.settle()
        # Something to say at the end, also when the run has read nothing else.
        scene.write(1)
        scene.settle()
        scene.stop()
        scene.read_counts()
        told = scene.counts["told"]
        # A line of a rotated file that comes late is late, and not twice.
        twice = 0 if needs.get("counted") else scene.counts["late"] + scene.counts["duplicates"]
        lost = scene.written - scene.counts["samples"]
        is_good = twice == 0 and scene.counts["unusable"] == 0 and (
            lost >= 0 if needs.get("counted") else told > 0 and lost > 0 if needs.get("told") else lost == 0 and (told == 0 or needs.get("feared", False)))
        failed = failed or not is_good
        print(
            f"| {name} | {scene.written} | {scene.counts['samples']} | {lost} | {twice} | {scene.runs} |"
            f" {'yes' if told else ''} |" + ("" if is_good else f" FAILED: see {scene.folder}"), flush=True)
        if is_good:
            shutil.rmtree(scene.folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
