#!/usr/bin/env python3
"""Kills monitord without warning, hundreds of times, while files grow: no alert is lost, none is written twice, and what
it has learned is bit by bit what it would have learned in peace. Then the same for stdin and UDP, where the loss is measured."""

import os
import shutil
import socket
import statistics
import subprocess
import time

from campaign import BINARY, Box, arguments, campaign, check, compare, kill, most_at_once, simulate
from moments import CREATE, DELETE, MOVED_FROM, MOVED_TO, Watch, unfinished

# Where kills are aimed at, each with the share of all kills that it is to have at least.
AIMED = {"commit": 0.26, "rotation": 0.22, "alert": 0.22}
OTHERS = ("any instant", "start", "stop")
LONGEST = 3.0
# How long a kill waits for what it is aimed at.
PATIENCE = 6.0


class Feeder:
    """Appends to the files of a box, in pieces that end anywhere, in the middle of lines too."""

    def __init__(self, box, wholes, chance):
        self.files = [(open(path, "ab", buffering=0), whole) for path, whole in zip(box.inputs, wholes)]
        self.chance = chance
        self.plan, self.fed_at = [], 0

    def prepare(self, share, begin, seconds=1.5, pieces=0):
        """Plans what is written in this life: up to a share of the whole, at random instants of its first seconds.

        With `pieces` in that many at least: each is something to commit and may be something to tell."""
        self.plan = []
        for number, (file, whole) in enumerate(self.files):
            target = int(len(whole) * share)
            cuts = sorted(self.chance.randrange(file.tell(), target + 1) for _ in range(pieces + self.chance.randrange(5)))
            for cut in cuts + [target]:
                self.plan.append((begin + self.chance.uniform(0, seconds), number, cut))
        self.plan.sort()

    def feed(self, now):
        while self.plan and self.plan[0][0] <= now:
            _, number, cut = self.plan.pop(0)
            file, whole = self.files[number]
            # Another piece may have gone further.
            if cut > file.tell():
                file.write(whole[file.tell():cut])
                self.fed_at = now

    def finish(self):
        for file, whole in self.files:
            file.write(whole[file.tell():])
            file.close()


class Moment:
    """The event that a life ends at, or within so many seconds after it."""

    def __init__(self, aim, chance, begin):
        self.aim, self.begin = aim, begin
        self.spread = 0.01
        # Of two alerts one is killed at its row in the outbox, the other while it is told; not always the first of a life.
        self.at_row = chance.random() < 0.5
        self.awaited = chance.randrange(1, 3)
        self.told_at = self.written_at = self.begun_at = begin
        self.writes = 0

    def has_come(self, events, now, fed_at):
        """Whether it is among these events; `fed_at` is when lines were written last."""
        hit = False
        for what, name in events:
            if self.aim == "rotation":
                # Old files are moved on, then the log; a new one is made, and the old one is packed.
                hit |= name.startswith("alerts.jsonl") and bool(what & (MOVED_FROM | MOVED_TO | CREATE | DELETE))
            elif name == "monitord.db-wal":
                # On a busy machine a transaction stands still for a while between two writes.
                begins, self.written_at = now - self.written_at > 0.05, now
                if begins:
                    self.begun_at, self.writes = now, 0
                self.writes += 1
                if self.aim == "alert":
                    hit |= begins and self.at_row and now - fed_at < 0.3
                else:
                    # A row of the outbox takes two or three writes, a commit dozens, of which inotify may tell one for several; and an
                    # alert is told at once.
                    hit |= self.writes == 3 and self.told_at < self.begun_at and now > self.begin + 0.8
            elif name in ("console", "alerts.jsonl"):
                self.told_at = now
                hit |= self.aim == "alert" and not self.at_row
        self.awaited -= hit
        return hit and (self.awaited <= 0 or self.aim == "rotation")


def live_and_die(box, feeder, aim, chance):
    """One life of monitord, up to its kill. Returns what it was killed in."""
    begin = time.monotonic()
    watch = Watch(box.folder, box.state, box.logs)
    process = box.start()
    end = begin + (chance.uniform(0, 0.15) if aim == "start" else chance.uniform(0.02, LONGEST))
    moment = Moment(aim, chance, begin)
    hit = None
    while True:
        now = time.monotonic()
        feeder.feed(now)
        stopping = aim == "stop" and hit is not None
        check(stopping or process.poll() is None, f"monitord ended by itself with {process.returncode}: {box.errors}")
        if stopping and process.poll() is not None:
            break
        if hit is not None and now >= hit:
            break
        if hit is None and aim == "stop" and now >= end - 0.1:
            process.terminate()
            hit = now + chance.uniform(0, 0.2)
        if hit is None and now >= (begin + PATIENCE if aim in AIMED else end):
            aim = "any instant" if aim != "start" else aim
            break
        events = watch.wait(0.001 if hit is None else min(0.001, hit - now))
        if hit is None and events and aim in AIMED:
            now = time.monotonic()
            if moment.has_come(events, now, feeder.fed_at):
                hit = now + chance.uniform(0, moment.spread)
    kill(process)
    watch.close()
    return aim


def in_peace(work, recordings):
    """An uninterrupted run over all but the last twentieth of the recordings, over which the final states are compared."""
    calm, wholes = Box(work / "calm", [path.name for path in recordings]), []
    for folder in (calm.state, calm.logs):
        shutil.rmtree(folder, ignore_errors=True)
    calm.logs.mkdir()
    for path, target in zip(recordings, calm.inputs):
        lines = path.read_bytes().splitlines(keepends=True)
        border = len(lines) * 19 // 20
        wholes.append(b"".join(lines[:border]))
        path.with_suffix(".further").write_bytes(lines[0] + b"".join(lines[border:]))
        target.write_bytes(wholes[-1])
    calm.run_to_end()
    return calm, wholes


def of_files(options, chance, work):
    recordings = [work / "a.csv", work / "b.csv"]
    days = max(4, min(40, options.kills // 12))
    for number in range(20):
        simulate(recordings[0], options.seed + number, days, "pump", 2, ["spike/5", "step/5", "noise/5"])
        # The daemon's budget fills up by event time, and has three openings at most. A year apart, each stream finds it
        # full but for what the other took at one instant, in whatever order the two are read.
        simulate(recordings[1], options.seed + number, days, "boiler", 3, ["all/15"], start="2025-03-15T00:00:00")
        calm, wholes = in_peace(work, recordings)
        expected = calm.logged()
        most = [most_at_once(record for record in expected if record["time"][:4] == year) for year in ("2026", "2025")]
        if sum(most) <= 3:
            break
    check(sum(most) <= 3, f"with this seed the budget would depend on what is read first: {most}")
    check(len(expected) > 20, f"only {len(expected)} records to lose")

    # Small files: there is a rotation in most lives.
    box = Box(work / "crashed", ["a.csv", "b.csv"], log_size="6KiB")
    for path in box.inputs:
        path.touch()
    feeder = Feeder(box, wholes, chance)
    hits, left = {}, {}
    for number in range(options.kills):
        short = [aim for aim, share in AIMED.items() if hits.get(aim, 0) < share * options.kills]
        # One in four is aimed at nothing that is written.
        aim = chance.choice(short if short and chance.random() < 0.75 else OTHERS)
        # There is something to commit and to tell for as long as a kill waits for it.
        share, now = (number + 1) / (options.kills + 1), time.monotonic()
        if aim in ("commit", "alert"):
            feeder.prepare(share, now, PATIENCE - 1, 4)
        else:
            feeder.prepare(share, now)
        aim = live_and_die(box, feeder, aim, chance)
        hits[aim] = hits.get(aim, 0) + 1
        for what in unfinished(box.state, box.logs, work):
            left[what] = left.get(what, 0) + 1
        if (number + 1) % 50 == 0:
            print(f"  {number + 1} kills, {len(box.told())} of {len(expected)} records told", flush=True)
    feeder.finish()
    box.run_to_end()
    check(not box.complaints(), f"stderr says: {box.complaints()[:3]}")
    compare(box.logged(), expected, "the rolling log", once=True)
    twice = compare(box.told(), expected, "the console", once=False)
    rows = 0
    for stream in ("a", "b"):
        further = work / f"{stream}.further"
        one, other = box.scores(stream, further), calm.scores(stream, further)
        check(one == other, f"the learned state of {stream} is another than without crashes")
        rows += one[0].count(b"\n") - 1
    print(f"files: {options.kills} kills ({', '.join(f'{n} in {aim}' for aim, n in sorted(hits.items()))}), "
          f"{len(expected)} records, 0 lost, 0 twice in the log, {twice} twice on the console, "
          f"scores of {rows} further rows equal; left unfinished: "
          f"{', '.join(f'{n} times a {what}' for what, n in sorted(left.items()))}")


def committed_row(box, rows_by_time):
    """The number of the last row that the state has learned."""
    result = subprocess.run([BINARY, "state", "list", "--state", str(box.state)], capture_output=True, text=True)
    for line in result.stdout.splitlines():
        if "last sample " in line:
            return rows_by_time[line.split("last sample ")[1].split(",")[0].strip()]
    return -1


def of_rows(options, chance, work, by):
    """Stdin and UDP: rows are sent at a steady rate; how many does a crash cost?"""
    path = work / f"{by}.csv"
    simulate(path, options.seed + 2, 6 * options.crashes + 6, "pump", 1, ["all/10"])
    lines = path.read_bytes().splitlines(keepends=True)
    header, rows = lines[0], lines[1:]
    rows_by_time = {row.split(b",")[0].decode(): number for number, row in enumerate(rows)}
    box = Box(work / by, [])
    rate = 2_000
    base = [BINARY, "run", "--no-journal", "--config", str(box.config), "--state", str(box.state), "--log", str(box.log)]
    sender = port = reader = writer = None
    if by == "udp":
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        base += ["--udp", f"127.0.0.1:{port}"]
    else:
        base += ["--stdin"]
    sent, losses = 0, []
    for number in range(options.crashes):
        if by == "stdin":
            # As in a shell, the pipe goes with its reader.
            reader, writer = os.pipe()
            os.set_blocking(writer, False)
        with open(box.console, "ab") as console, open(box.errors, "ab") as errors:
            process = subprocess.Popen(
                base, stdin=reader if by == "stdin" else subprocess.DEVNULL, stdout=console, stderr=errors,
                env={"PATH": os.environ["PATH"], "TZ": "UTC"})
        if by == "udp":
            while f":{port:04X} " not in open("/proc/net/udp").read():
                check(process.poll() is None, f"monitord ended by itself with {process.returncode}")
                time.sleep(0.002)
        # Each start of a CSV stream reads its header.
        pending = header
        begin, length = time.monotonic(), chance.uniform(0.5, 4)
        first = sent
        while time.monotonic() < begin + length and sent < len(rows):
            due = min(len(rows), first + int((time.monotonic() - begin) * rate))
            for row in rows[sent:due]:
                pending += row
                sent += 1
                if by == "udp":
                    sender.sendto(pending, ("127.0.0.1", port))
                    pending = b""
            if by == "stdin" and pending:
                try:
                    pending = pending[os.write(writer, pending):]
                except BlockingIOError:
                    pass
            check(process.poll() is None, f"monitord ended by itself with {process.returncode}")
            time.sleep(0.005)
        kill(process)
        if by == "stdin":
            os.close(reader)
            os.close(writer)
        losses.append(sent - 1 - committed_row(box, rows_by_time))
        check(losses[-1] >= 0, "more rows are learned than were sent")
        if sent >= len(rows):
            break
    check(not box.complaints(), f"stderr says: {box.complaints()[:3]}")
    seconds = sorted(loss / rate for loss in losses)
    print(f"{by}: {len(losses)} kills at {rate} rows/s, rows not learned per kill: median {int(statistics.median(losses))}, "
          f"most {max(losses)} (median {statistics.median(seconds):.1f} s, most {seconds[-1]:.1f} s of input)")


def main(options, chance, work):
    of_files(options, chance, work)
    for by in ("stdin", "udp"):
        of_rows(options, chance, work, by)


if __name__ == "__main__":
    campaign(main, arguments(__doc__, kills=500, crashes=30), "crash campaign")
