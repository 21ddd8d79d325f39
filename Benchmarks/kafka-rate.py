"""Points a second that one worker and two score from a topic, and what a hand-over takes.

    python3 Benchmarks/kafka-rate.py BINARY [--series N] [--samples N] [--profile lean|full]

librdkafka's mock cluster is a process of its own, on the same machine; its share of the processor is left out of the figures of
the workers and takes part in the wall clock. The topic is filled first.
"""
import argparse
import json
import math
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/Campaigns"))

parser = argparse.ArgumentParser()
parser.add_argument("binary")
parser.add_argument("--series", type=int, default=2000)
parser.add_argument("--samples", type=int, default=400)
parser.add_argument("--partitions", type=int, default=12)
parser.add_argument("--profile", default="lean")
options = parser.parse_args()
os.environ["MONITORD_BINARY"] = options.binary

from kafka import START, TOPIC, Worker  # noqa: E402
from kafka_cluster import Cluster, Writer  # noqa: E402


def cpu(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_all(workers, total, limit=600):
    """Waits until everything is read; returns the seconds since the first message was scored."""
    begin = None
    while limit > 0:
        looks = [worker.look({}) for worker in workers]
        done = sum(entry["next_offset"] for look in looks if look for entry in look["held"])
        if done and begin is None:
            begin = (time.monotonic(), done)
        if done == total:
            return time.monotonic() - begin[0], total - begin[1]
        time.sleep(.05)
        limit -= .05
    raise SystemExit("not all was read")


class Settings:
    profile, snapshot, library = options.profile, 3600, ""


work = pathlib.Path(tempfile.mkdtemp(prefix="kafka-rate-"))
topics = {TOPIC: options.partitions}
for group in ("one", "two"):
    topics[f"{group}-monitord-{TOPIC}"] = options.partitions
cluster = Cluster(topics)
writer = Writer(cluster.brokers)
for sample in range(options.samples):
    for number in range(options.series):
        value = 20 + 5 * math.sin(sample / 20 + number) + (number * sample * 7919 % 1000) / 2000
        writer.write(TOPIC, number % options.partitions, b"s%d" % number, b'{"t":%d,"v":%.4f}' % (START + sample, value))
    writer.turn()
writer.flush()
total = options.series * options.samples
print(f"{options.series} series x {options.samples} samples, {options.partitions} partitions, {options.profile}")
for group, count in (("one", 1), ("two", 2)):
    workers = [Worker(work / f"{group}{index}", f"{group}{index}", group, cluster.brokers, Settings) for index in range(count)]
    for worker in workers:
        worker.start()
    seconds, read = read_all(workers, total)
    used = sum(cpu(worker.process) for worker in workers)
    print(f"{count} worker{'s' * (count > 1)}: {read / seconds:,.0f} points/s in {seconds:.1f} s of the clock; "
          f"{total / used:,.0f} points a CPU second")
    if count == 1:
        # A second worker comes: the first gives half of its partitions up, with snapshots.
        newcomer = Worker(work / "newcomer", "newcomer", group, cluster.brokers, Settings)
        newcomer.start()
        for _ in range(600):
            looks = [worker.look({}) for worker in workers + [newcomer]]
            if looks[1] and len(looks[1]["held"]) >= options.partitions // 2:
                break
            time.sleep(.1)
        given, taken = looks[0] or {}, looks[1] or {}
        print(f"hand-over of {given.get('given_up')} partitions: {given.get('snapshot_bytes', 0):,} bytes "
              f"({given.get('snapshot_bytes', 0) / max(1, options.series * given.get('given_up', 0) / options.partitions):,.0f} a "
              f"series), {given.get('giving_up_seconds')} s to give up, {taken.get('taking_over_seconds')} s to take over")
        workers.append(newcomer)
    for worker in workers:
        worker.leave()
cluster.close()
