#!/usr/bin/env python3
"""Exports of flows on loopback, end to end: datagrams of 30 records at a steady rate, through decoding, gathering, scoring and learning.

    Benchmarks/netflow.py BINARY [--version 5|9|10] [--hosts 2000] [--rate 100000] [--seconds 10]

`--rate` is in flow records; a second of the exporter's time passes with each 1,500 of them. Counts what was sent, what the socket
dropped (the kernel's own counter), and what monitord says it read. Prints one JSON line. Exits 1 when a record was lost anywhere.
"""
import argparse
import json
import random
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

RECORDS = 30
FIELDS = [(8, 4), (12, 4), (22, 4), (21, 4), (1, 4), (2, 4), (10, 4), (14, 4), (61, 1), (7, 2), (11, 2), (4, 1), (6, 1), (60, 1)]
BEGUN, UPTIME = 1_792_000_000, 3_600_000


def sets(number, content):
    return struct.pack(">HH", number, 4 + len(content)) + content


def header(version, count, length, number, sequence):
    uptime, seconds = UPTIME + number * 20, BEGUN + number // 50
    if version == 5:
        return struct.pack(">HHIIIIBBH", 5, count, uptime, seconds, number % 50 * 20_000_000, sequence, 0, 0, 0)
    if version == 9:
        return struct.pack(">HHIIII", 9, count, uptime, seconds, sequence, 7)
    return struct.pack(">HHIII", 10, 16 + length, seconds, sequence, 7)


def datagrams(options, generator):
    """The template, for the versions that have one, and then the records."""
    fields = list(FIELDS)
    if options.version == 10:
        fields[2:4] = [(152, 8), (153, 8)]
    if options.version > 5:
        template = struct.pack(">HH", 300, len(fields)) + b"".join(struct.pack(">HH", *field) for field in fields)
        content = sets(0 if options.version == 9 else 2, template)
        yield header(options.version, 1, len(content), 0, 0) + content
    for number in range(options.rate * options.seconds // RECORDS):
        now, records = UPTIME + number * 20, []
        for _ in range(RECORDS):
            source = 0x0A000000 | generator.randrange(1, options.hosts + 1)
            target, port = 0x0A010000 | generator.randrange(1, 200), generator.randrange(1024, 65535)
            if options.version == 5:
                records.append(struct.pack(
                    ">IIIHHIIIIHHBBBBHHBBH", source, target, 0, 1, 2, 9, 900, now - 500, now - 10, port, 443, 0, 0x1B, 6, 0, 0, 0,
                    24, 24, 0))
            else:
                first, last = now - 500, now - 10
                if options.version == 10:
                    first, last = (BEGUN * 1000 - UPTIME + at for at in (first, last))
                records.append(struct.pack(
                    ">IIIIIIIIBHHBBB" if options.version == 9 else ">IIQQIIIIBHHBBB", source, target, first, last, 900, 9, 1, 2, 0,
                    port, 443, 6, 0x1B, 4))
        content = b"".join(records)
        if options.version > 5:
            content = sets(300, content)
        sequence = number + 1 if options.version == 9 else number * RECORDS
        yield header(options.version, RECORDS, len(content), number, sequence) + content


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--version", type=int, choices=[5, 9, 10], default=9)
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=100000)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    # Made beforehand, so that the sender does nothing but send.
    made = list(datagrams(options, random.Random(7)))
    records = options.rate * options.seconds // RECORDS * RECORDS

    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    daemon = subprocess.Popen(
        [options.binary, "--udp", f"127.0.0.1:{port}", "--log", "none", "--no-journal"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    first = [daemon.stderr.readline() for _ in range(2)]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("127.0.0.1", port))
    begin = time.perf_counter()
    for number, datagram in enumerate(made):
        due = begin + number * RECORDS / options.rate
        while (left := due - time.perf_counter()) > 0:
            time.sleep(min(left, 0.001))
        sender.send(datagram)
    sending = time.perf_counter() - begin
    time.sleep(3)
    daemon.send_signal(signal.SIGTERM)
    messages = first + daemon.stderr.read().splitlines(keepends=True)
    daemon.wait()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stderr.writelines(messages)
    end = next((line for line in messages if "stopped watching" in line), "")
    said = {key: int(value) for key, value in re.findall(r"([a-z_.]+)=(\d+)", end)}
    print(json.dumps({
        "version": options.version, "records": records, "seconds": round(sending, 3), "rate": round(records / sending),
        "read": said.get("netflow.flows"), "dropped_by_socket": said.get("udp.dropped"),
        "dropped_rows": said.get("udp.dropped_rows", 0),
        "lost": said.get("netflow.lost_flows", 0) + said.get("netflow.lost_datagrams", 0), "samples": said.get("stream.samples"),
        "rounds_without_training": said.get("training.skipped", 0),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2), "rss_mb": round(usage.ru_maxrss / 1024, 1)}))
    sys.exit(0 if said.get("netflow.flows") == records and not said.get("udp.dropped_rows") else 1)


if __name__ == "__main__":
    main()
