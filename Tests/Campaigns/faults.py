#!/usr/bin/env python3
"""Lets the disk fail: the n-th read, write, sync, open, rename, truncation or unlink of state or log, once or for a span, with
a full disk, an input error, a read-only file system, no descriptors left, or half a read or write; in a first life or one
that goes on from a state. Then a small disk is filled for real, and a state is damaged in its file.

monitord must not crash, must go on watching, and must have every alert in its place once the disk is well again. A state
that could not be read once is not given up; one that is damaged is kept beside, and that is said."""

import errno
import os
import shutil
import subprocess
import time

from campaign import Box, Failure, Trials, arguments, campaign, check, compare, disk_library, key, one_file, stop, wait_until_idle

ERRORS = {
    "write": ("ENOSPC", "EIO", "short", "EROFS"), "sync": ("EIO", "ENOSPC"), "open": ("EMFILE", "EROFS", "EIO", "ENOSPC"),
    "read": ("EIO", "short"), "rename": ("EIO", "EROFS", "ENOSPC"), "truncate": ("EIO", "EROFS"), "unlink": ("EIO", "EROFS")}
# What a monitord may end with that cannot even start: it says why.
ENDS_AT_START = (66, 69, 73, 74, 78)
PIECES = 8
# How much of the input a first life has read before the one with faults begins.
WARM = 0.4


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


def warmed(box, content):
    """A first life without faults; returns how much of the content it has read."""
    box.inputs[0].write_bytes(content[:int(len(content) * WARM)])
    process = box.start()
    wait_until_idle(process)
    stop(process)
    return WARM


def one_fault(work, content, expected, calm_scores, further, library, fault, where, life):
    """A life with a fault, and one without. Returns whether the first could start."""
    kind, first, span, error = fault
    what = f"{kind}:{first}:{span}:{error}:{where}:{life}"
    box = fresh(work, "faulty")
    begin = warmed(box, content) if life == "second" else 0
    folders = {"state": [box.state], "log": [box.logs], "both": [box.state, box.logs]}[where]
    number = 0 if error == "short" else getattr(errno, error)
    process = box.start({
        "LD_PRELOAD": str(library), "CAMPAIGN_UNDER": ":".join(map(str, folders)),
        "CAMPAIGN_FAULT": f"{kind}:{first}:{span}:{number}"})
    started = True
    with open(box.inputs[0], "ab", buffering=0) as file:
        feed(box, content, begin, 0.9, file)
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
            said = box.errors.read_text().split("stopped watching")[-1]
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


def counted(work, content, library, where, life):
    """How many calls of each kind a life makes."""
    box = fresh(work, "counted")
    begin = warmed(box, content) if life == "second" else 0
    folders = {"state": [box.state], "log": [box.logs], "both": [box.state, box.logs]}[where]
    counts = work / f"counts-{where}"
    process = box.start({
        "LD_PRELOAD": str(library), "CAMPAIGN_UNDER": ":".join(map(str, folders)), "CAMPAIGN_COUNTS": str(counts)})
    with open(box.inputs[0], "ab", buffering=0) as file:
        feed(box, content, begin, 0.9, file)
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


def harmed(data, chance):
    """A database that is not as it was: in words, and its bytes."""
    page, pages = 4096, len(data) // 4096
    way = chance.choice(("bits", "bits", "bits", "noise", "zeros", "header", "shorter"))
    harm = bytearray(data)
    start = chance.randrange(pages) * page
    if way == "bits":
        for _ in range(chance.randrange(1, 4)):
            harm[chance.randrange(len(harm))] ^= 1 << chance.randrange(8)
    elif way == "noise":
        harm[start:start + page] = chance.randbytes(page)
    elif way == "zeros":
        harm[start:start + page] = bytes(page)
    elif way == "header":
        harm[:100] = chance.randbytes(100)
    else:
        del harm[chance.randrange(1, len(harm)):]
    return way, bytes(harm)


def damaged(calm, whole, chance, calm_scores, further, number):
    """A start over a damaged state. Returns how it was harmed, and whether something was said of it."""
    database = calm.state / "monitord.db"
    shutil.rmtree(calm.state)
    shutil.copytree(whole, calm.state)
    way, harm = harmed(database.read_bytes(), chance)
    database.write_bytes(harm)
    calm.errors.unlink(missing_ok=True)
    what = f"damage {number} ({way})"
    process = calm.start()
    try:
        wait_until_idle(process)
        stop(process)
    except Failure as failure:
        raise Failure(f"{what}: {failure}: {calm.errors.read_text()[-300:]}") from None
    said = calm.complaints()
    aside = sorted(calm.state.glob("monitord.db.damaged-*"))
    kept = sorted(calm.state.glob("snapshots/damaged-*.db"))
    if aside:
        check(aside[0].read_bytes() == harm, f"{what}: what was set aside is not what was there")
    check(bool(said) == bool(aside or kept), f"{what}: kept beside are {aside + kept}, and said is {said[:3]}")
    if not said:
        check(calm.scores("input", further) == calm_scores, f"{what}: another state than was stored, and not a word")
    return way, bool(said)


def damages(options, calm, work, chance, calm_scores, further, trials):
    """Harms the state in its file, each time in another way."""
    whole = work / "whole"
    shutil.copytree(calm.state, whole)
    results = [trials.make(lambda: damaged(calm, whole, chance, calm_scores, further, number))
               for number in range(options.damages)]
    ways = sorted(result for result in results if result)
    return (f"damage: {options.damages} states harmed; "
            + ", ".join(f"{way} {sum(one == (way, True) for one in ways)} of {sum(one[0] == way for one in ways)}"
                        for way in sorted({way for way, _ in ways}))
            + " told and kept beside, the others without effect on what is learned")


def main(options, chance, work):
    library = disk_library(work)
    calm, expected, further = one_file(work, options, 4)
    content = calm.inputs[0].read_bytes()
    calm_scores = calm.scores("input", further)
    hits, unstarted, trials = {}, 0, Trials()
    if options.only:
        kind, first, span, error, where, life = options.only.split(":")
        fault = (kind, int(first), int(span), error)
        one_fault(work, content, expected, calm_scores, further, library, fault, where, life)
        return print(f"faults: {options.only} did no harm")
    counts = {(where, life): counted(work, content, library, where, life)
              for where in ("state", "log", "both") for life in ("first", "second")}
    for number in range(options.faults):
        where, life = chance.choice(("state", "state", "log", "both")), chance.choice(("first", "second"))
        possible = counts[where, life]
        # Reads have many places, and few of them are met in a life.
        kind = chance.choice([kind for kind in ERRORS if possible[kind]] + ["read"] * (2 if possible["read"] else 0))
        error = chance.choice(ERRORS[kind])
        span = chance.choice((1, 1, 1, 3, 30, 1_000_000))
        # Half of the reads are those of a start.
        last = min(possible[kind], 60) if kind == "read" and chance.random() < 0.5 else possible[kind]
        fault = (kind, chance.randrange(1, last + 1), span, error)
        started = trials.make(
            lambda: one_fault(work, content, expected, calm_scores, further, library, fault, where, life))
        unstarted += started is False
        hits[kind] = hits.get(kind, 0) + 1
        if (number + 1) % 50 == 0:
            print(f"  {number + 1} faults", flush=True)
    disks = full_disk(options, chance, work, content, expected, calm_scores, further, trials)
    harm = damages(options, calm, work, chance, calm_scores, further, trials)
    trials.end(options.faults + options.disks + options.damages)
    print(f"faults: {options.faults} ({', '.join(f'{n} of {kind}' for kind, n in sorted(hits.items()))}) in lives of "
          f"{' and '.join(str(sum(counts['both', life].values())) for life in ('first', 'second'))} calls; "
          f"{unstarted} could not start and said why; "
          f"{len(expected)} records each, 0 lost, 0 twice in the log, states equal")
    print(disks)
    print(harm)


if __name__ == "__main__":
    campaign(main, arguments(__doc__, faults=300, disks=5, damages=60, only=""), "fault campaign")
