#!/usr/bin/env python3
"""Cuts the power: makes of a recorded run what a disk might hold at any instant of it, and has monitord go on from there.

disk.c records what a real run does to its state and log folders. At a cut, what was synced is there; each write since may
be there, be missing, or be there in some of its sectors; names made, moved or removed since their folder was last synced
may be as before, from some point on: a folder's changes reach the disk in order. What has told an alert by then, console
or log, must have it in the outbox still; the state must open, and going on must give the uninterrupted run's records."""

import os
import shutil
import sqlite3
import subprocess
import time

from campaign import (BINARY, Box, Trials, arguments, campaign, check, compare, disk_library, key, one_file, records, stop,
                      wait_until_idle)

SECTOR = 512


class File:
    """A file's content as synced, and what was done to it since."""

    def __init__(self):
        self.synced = b""
        self.pending = []
        self.synced_at = -1

    def sync(self):
        self.synced = bytes(applied(bytearray(self.synced), self.pending))
        self.pending = []

    def as_it_might_be(self, chance):
        """The content after a cut."""
        if not self.pending:
            return self.synced
        mood = chance.random()
        kept = []
        for place, data in self.pending:
            # Sometimes all of it arrives, sometimes nothing, and else each piece for itself.
            fate = "all" if mood < 0.15 else "none" if mood < 0.3 else chance.choice(("all", "none", "torn"))
            if fate == "all" or fate == "torn" and data is None:
                kept.append((place, data))
            elif fate == "torn":
                for start in range(place - place % SECTOR, place + len(data), SECTOR):
                    if chance.random() < 0.5:
                        begin = max(start, place)
                        kept.append((begin, data[begin - place:start + SECTOR - place]))
        return bytes(applied(bytearray(self.synced), kept))


def applied(content, changes):
    """Writes (place, bytes) and truncations (size, None) on a content; what lies between is zeros."""
    for place, data in changes:
        size = place if data is None else max(len(content), place + len(data))
        if len(content) < size:
            content += bytes(size - len(content))
        elif data is None:
            del content[size:]
        if data is not None:
            content[place:place + len(data)] = data
    return content


class Disk:
    """A disk that a recorded run is played to, call by call."""

    def __init__(self):
        self.names, self.durable, self.changes = {}, {}, {}
        self.open, self.console = {}, b""

    def play(self, call, data):
        kind, rest = call[:1], call[2:]
        if kind == "O":
            fd, is_new, truncates, path = rest.split(" ", 3)
            if int(is_new):
                self.change("made", path, File())
            file = self.names.get(path)
            self.open[int(fd)] = file if file else path
            if file and int(truncates):
                file.pending.append((0, None))
        elif kind == "X":
            self.open.pop(int(rest), None)
        elif kind == "D":
            old, new = rest.split()
            self.open[int(new)] = self.open[int(old)]
        elif kind == "P":
            self.console += data
        elif kind == "R":
            old, new = rest.split("\t")
            self.change("moved", old, new)
        elif kind == "U":
            self.change("gone", rest, None)
        else:
            fd, *numbers = (int(word) for word in rest.split())
            file = self.open[fd]
            if kind == "S" and isinstance(file, str):
                # A folder: its names are on the disk.
                for change in self.changes.pop(file.rstrip("/"), []):
                    enact(self.durable, change)
            elif kind == "S":
                file.sync()
            else:
                file.pending.append((numbers[0], data if kind == "W" else None))

    def change(self, what, path, other):
        enact(self.names, (what, path, other))
        self.changes.setdefault(os.path.dirname(path), []).append((what, path, other))

    def cut(self, chance, move):
        """Writes what the disk might hold to where `move` puts each path."""
        names = dict(self.durable)
        for changes in self.changes.values():
            for change in changes[:chance.randrange(len(changes) + 1)]:
                enact(names, change)
        for path, file in names.items():
            # Shared memory has no content of its own; what is left of it is anything.
            data = file.as_it_might_be(chance)
            target = move(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(chance.randbytes(len(data)) if path.endswith("-shm") else data)


def enact(names, change):
    what, path, other = change
    if what == "made":
        names[path] = other
    elif what == "moved" and path in names:
        names[other] = names.pop(path)
    elif what == "gone":
        names.pop(path, None)


def calls_of(path):
    """The recorded calls with the bytes of each."""
    data, place = path.read_bytes(), 0
    while place < len(data):
        line_end = data.index(b"\n", place)
        call = data[place:line_end].decode()
        place = line_end + 1
        length = int(call.split()[3]) if call[0] in "WP" else 0
        yield call, data[place:place + length]
        place += length


def outbox_of(state, work):
    """The messages of a state's outbox, read from a copy."""
    copy = work / "looked-at"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(state, copy)
    database = sqlite3.connect(copy / "monitord.db")
    try:
        return {(one, seq) for one, seq in database.execute("SELECT id, seq FROM outbox")}
    except sqlite3.OperationalError as error:
        # No table yet: nothing was stored.
        check("no such table" in str(error), f"the database does not open after the cut: {error}")
        return set()
    finally:
        database.close()


def recorded_run(box, content, library, chance):
    """A run over a file that grows, with stops and starts, and its calls."""
    log = box.folder / "calls"
    environment = {
        "LD_PRELOAD": str(library), "CAMPAIGN_UNDER": f"{box.state}:{box.logs}", "CAMPAIGN_RECORD": str(log)}
    lives, pieces = 3, 12
    with open(box.inputs[0], "ab", buffering=0) as file:
        for life in range(lives):
            process = box.start(environment)
            for piece in range(pieces):
                end = len(content) * (life * pieces + piece + 1) // (lives * pieces)
                file.write(content[file.tell():end])
                time.sleep(chance.uniform(0.1, 0.5))
            if life + 1 < lives and chance.random() < 0.5:
                process.kill()
                process.wait()
            else:
                wait_until_idle(process)
                stop(process)
    return list(calls_of(log))


def go_on(box, expected, told, number, further, calm_scores):
    """What must hold after a cut."""
    kept = outbox_of(box.state, box.folder) if (box.state / "monitord.db").exists() else set()
    lost = [one for one in told if one not in kept]
    check(not lost, f"cut {number}: {len(lost)} alerts were told and are not in the outbox: {lost[:3]}")
    if kept:
        result = subprocess.run([BINARY, "state", "list", "--state", str(box.state)], capture_output=True, text=True)
        check(result.returncode == 0, f"cut {number}: state list ends with {result.returncode}: {result.stderr}")
    box.run_to_end()
    check(not box.complaints(), f"cut {number}: stderr says {box.complaints()[:3]}")
    compare(box.logged(), expected, f"cut {number}: the rolling log", once=True)
    compare(box.told() + [record for record in expected if key(record) in told], expected, f"cut {number}: the console", once=False)
    if number % 10 == 0:
        check(box.scores("input", further) == calm_scores, f"cut {number}: the learned state is another")


def main(options, chance, work):
    library = disk_library(work)
    calm, expected, further = one_file(work, options, 6)
    content = calm.inputs[0].read_bytes()
    run = Box(work / "run", ["a.csv"])
    run.inputs[0].touch()
    calls = recorded_run(run, content, library, chance)
    compare(run.logged(), expected, "the recorded run's log", once=True)
    cuts = sorted(chance.randrange(1, len(calls)) for _ in range(options.cuts))
    calm_scores = calm.scores("input", further)
    disk, played, empty, trials = Disk(), 0, 0, Trials()
    log_file = str(run.log)
    for number, place in enumerate(cuts):
        for call, data in calls[played:place]:
            disk.play(call, data)
        played = place
        box = Box(work / "cut", ["a.csv"])
        for path in (box.state, box.logs, box.console, box.errors):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        box.logs.mkdir()
        box.state.mkdir()
        disk.cut(chance, lambda path: box.folder / os.path.relpath(path, run.folder))
        # A follower knows a file by its inode: it is the very file that was read.
        box.inputs[0].unlink(missing_ok=True)
        os.link(run.inputs[0], box.inputs[0])
        told = {key(record) for record in records(disk.console)}
        # And what had been synced to the log.
        for path, file in disk.names.items():
            if path == log_file:
                told |= {key(record) for record in records(file.synced)}
        empty += not told
        trials.make(lambda: go_on(box, expected, told, number, further, calm_scores))
        if (number + 1) % 50 == 0:
            print(f"  {number + 1} cuts", flush=True)
    trials.end(len(cuts))
    print(f"power: {len(cuts)} cuts ({empty} before the first alert) in a run of {len(calls)} calls, {len(expected)} records: "
          f"each state opened, 0 acknowledged alerts lost, 0 twice in the log")


if __name__ == "__main__":
    campaign(main, arguments(__doc__, cuts=500), "power campaign")
