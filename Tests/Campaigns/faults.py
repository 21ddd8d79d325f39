#!/usr/bin/env python3
"""Lets the disk fail: the n-th write, sync, open, rename, truncation or unlink of state or log, once or for a span, with a
full disk, an input error, a read-only file system, no descriptors left, or half a write; and a small disk filled for real.

monitord must not crash, must go on watching, and must have every alert in its place once the disk is well again."""

import errno
import os
import shutil
import subprocess
import time

from campaign import Box, Failure, Trials, arguments, campaign, check, compare, disk_library, key, one_file, stop, wait_until_idle

ERRORS = {
    "write": ("ENOSPC", "EIO", "short", "EROFS"), "sync": ("EIO", "ENOSPC"), "open": ("EMFILE", "EROFS", "EIO", "ENOSPC"),
    "rename": ("EIO", "EROFS", "ENOSPC"), "truncate": ("EIO", "EROFS"), "unlink": ("EIO", "EROFS")}
# What a monitord may end with that cannot even start: it says why.
ENDS_AT_START = (66, 69, 73, 74, 78)
PIECES = 8


def feed(box, content, begin, end, file):
    """Appends a part of the content in pieces, over about a second."""
    for piece in range(PIECES):
        place = int(len(content) * (begin + (end - begin) * (piece + 1) / PIECES))
        file.write(content[file.tell():place])
        time.sleep(0.15)


def fresh(work, name):
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    box = Box(folder, ["a.csv"])
    box.inputs[0].touch()
    return box


def finish(box, expected, calm_scores, further, what):
    """With a disk that is well again all is as if nothing had been."""
    box.run_to_end()
    check(not box.complaints(), f"{what}: stderr says {box.complaints()[:3]}")
    compare(box.logged(), expected, f"{what}: the rolling log", once=True)
    compare(box.told(), expected, f"{what}: the console", once=False)
    check(box.scores("input", further) == calm_scores, f"{what}: the learned state is another")


def one_fault(work, content, expected, calm_scores, further, library, fault, where):
    """A life with a fault, and one without. Returns whether the first could start."""
    kind, first, span, error = fault
    what = f"{kind}:{first}:{span}:{error}:{where}"
    box = fresh(work, "faulty")
    folders = {"state": [box.state], "log": [box.logs], "both": [box.state, box.logs]}[where]
    number = 0 if error == "short" else getattr(errno, error)
    process = box.start({
        "LD_PRELOAD": str(library), "CAMPAIGN_UNDER": ":".join(map(str, folders)),
        "CAMPAIGN_FAULT": f"{kind}:{first}:{span}:{number}"})
    started = True
    with open(box.inputs[0], "ab", buffering=0) as file:
        feed(box, content, 0, 0.9, file)
        if process.poll() is None:
            try:
                wait_until_idle(process)
                # What the outbox cannot take note of is tried again every second.
                time.sleep(1.5 if where != "log" else 0)
                # 74: the disk did not take the last alerts or the state; nothing of it was acknowledged.
                code = stop(process, codes=(0, 74))
            except Failure as failure:
                raise Failure(f"{what}: {failure}") from None
            said = box.errors.read_text()
            check(code == 0 or "cannot" in said.splitlines()[-1], f"{what}: does not say why it ended with {code}")
            # With a log or a state that fails, detection and the other sinks go on.
            early = [record for record in expected if record["time"] <= last_time(content[:file.tell()])]
            told = {key(record) for record in box.told()}
            late = [key(record) for record in early if key(record) not in told]
            check(not late, f"{what}: the console waited for the disk with {len(late)}: {late[:3]}")
        else:
            started = False
            said = box.errors.read_text()
            check(process.returncode in ENDS_AT_START, f"{what}: ended with {process.returncode}: {said[-300:]}")
            check("following file" not in said, f"{what}: gave up while it watched: {said[-300:]}")
            check("cannot" in said, f"{what}: does not say why it ended: {said[-300:]}")
        file.write(content[file.tell():])
    finish(box, expected, calm_scores, further, what)
    return started


def last_time(content):
    """The time of the last tick that is complete in the content."""
    line = content[:content.rindex(b"\n")].splitlines()[-3]
    return line.split(b",")[0].decode()


def counted(work, content, library, where):
    """How many calls of each kind a run makes."""
    box = fresh(work, "counted")
    folders = {"state": [box.state], "log": [box.logs], "both": [box.state, box.logs]}[where]
    counts = work / f"counts-{where}"
    process = box.start({
        "LD_PRELOAD": str(library), "CAMPAIGN_UNDER": ":".join(map(str, folders)), "CAMPAIGN_COUNTS": str(counts)})
    with open(box.inputs[0], "ab", buffering=0) as file:
        feed(box, content, 0, 0.9, file)
    wait_until_idle(process)
    stop(process)
    return {line.split()[0]: int(line.split()[1]) for line in counts.read_text().splitlines()}


def filled(work, place, chance, content, expected, calm_scores, further, number):
    """A life on a disk that is full for a while."""
    box = fresh(work, "full")
    box.state, box.logs = place / "state", place / "log"
    box.logs.mkdir()
    box.log = box.logs / "alerts.jsonl"
    process = box.start()
    with open(box.inputs[0], "ab", buffering=0) as file:
        feed(box, content, 0, 0.3, file)
        room = chance.choice((0, 4096, 50_000, 500_000))
        ballast = place / "ballast"
        with open(ballast, "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
            filler.truncate(max(0, ballast.stat().st_size - room))
        feed(box, content, 0.3, 0.7, file)
        check(process.poll() is None, f"full disk {number}: ended with {process.returncode}")
        ballast.unlink()
        feed(box, content, 0.7, 1, file)
    wait_until_idle(process)
    stop(process)
    finish(box, expected, calm_scores, further, f"full disk {number}, {room} bytes of room")


def full_disk(options, chance, work, content, expected, calm_scores, further, trials):
    """Fills a small disk for real, and empties it again."""
    place = work / "small"
    place.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        return "full disk: skipped, mounting a small one takes root"
    for number in range(options.disks):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "campaign", place], capture_output=True).returncode:
            return "full disk: skipped, a small one cannot be mounted here"
        try:
            trials.make(lambda: filled(work, place, chance, content, expected, calm_scores, further, number))
        finally:
            subprocess.run(["umount", "-l", place], check=True)
    return f"full disk: {options.disks} filled and emptied, 0 alerts lost"


def main(options, chance, work):
    library = disk_library(work)
    calm, expected, further = one_file(work, options, 4)
    content = calm.inputs[0].read_bytes()
    calm_scores = calm.scores("input", further)
    counts = {where: counted(work, content, library, where) for where in ("state", "log", "both")}
    hits, unstarted, trials = {}, 0, Trials()
    if options.only:
        kind, first, span, error, where = options.only.split(":")
        fault = (kind, int(first), int(span), error)
        one_fault(work, content, expected, calm_scores, further, library, fault, where)
        return print(f"faults: {options.only} did no harm")
    for number in range(options.faults):
        where = chance.choice(("state", "state", "log", "both"))
        kinds = [kind for kind in ERRORS if counts[where][kind]]
        kind = chance.choice(kinds)
        error = chance.choice(ERRORS[kind])
        span = chance.choice((1, 1, 1, 3, 30, 1_000_000))
        fault = (kind, chance.randrange(1, counts[where][kind] + 1), span, error)
        started = trials.make(
            lambda: one_fault(work, content, expected, calm_scores, further, library, fault, where))
        unstarted += started is False
        hits[kind] = hits.get(kind, 0) + 1
        if (number + 1) % 50 == 0:
            print(f"  {number + 1} faults", flush=True)
    disks = full_disk(options, chance, work, content, expected, calm_scores, further, trials)
    trials.end(options.faults + options.disks)
    print(f"faults: {options.faults} ({', '.join(f'{n} of {kind}' for kind, n in sorted(hits.items()))}) in a run of "
          f"{sum(counts['both'].values())} calls; {unstarted} could not start and said why; "
          f"{len(expected)} records each, 0 lost, 0 twice in the log, states equal")
    print(disks)


if __name__ == "__main__":
    campaign(main, arguments(__doc__, faults=300, disks=5, only=""), "fault campaign")
