#!/usr/bin/env python3
"""UDP on loopback, end to end: datagrams of one line from many series at a steady rate, through parsing, grid, scoring and learning.

    Benchmarks/udp.py BINARY [--series 1000] [--rate 50000] [--seconds 10] [--format csv|influx] [--channels 1]

Counts what was sent, what the socket dropped (the kernel's own counter), and what monitord says it received and scored.
Prints one JSON line. Exits 1 when a datagram was lost anywhere.
"""
import argparse
import json
import math
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time


def lines(options, tick, generator):
    for series in range(options.series):
        values = [20 + series % 7 + math.sin(tick / 9 + series) + generator.gauss(0, 0.3) for _ in range(options.channels)]
        stamp = 1_792_000_000 + tick * options.series / options.rate
        if options.format == "csv":
            yield f"{stamp:.6f},device{series},{','.join(f'{value:.3f}' for value in values)}\n".encode()
        else:
            fields = ",".join(f"c{index}={value:.3f}" for index, value in enumerate(values))
            yield f"pump,unit={series} {fields} {int(stamp * 1e9)}\n".encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=50000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--format", choices=["csv", "influx"], default="csv")
    parser.add_argument("--channels", type=int, default=1)
    options = parser.parse_args()
    # Made beforehand, so that the sender does nothing but send.
    generator = random.Random(7)
    ticks = [list(lines(options, tick, generator)) for tick in range(options.rate * options.seconds // options.series)]
    header = f"time,device,{','.join(f'c{index}' for index in range(options.channels))}\n".encode()

    with tempfile.TemporaryDirectory() as folder:
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        configuration = os.path.join(folder, "monitord.toml")
        with open(configuration, "w") as file:
            file.write(f'log = "none"\njournal = false\n[[source]]\nudp = "127.0.0.1:{port}"\n')
            if options.format == "csv":
                file.write('series = "device"\n')
        daemon = subprocess.Popen(
            [options.binary, "--config", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        first = [daemon.stderr.readline() for _ in range(2)]
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(("127.0.0.1", port))
        sent = 0
        if options.format == "csv":
            sender.send(header)
        begin = time.perf_counter()
        for tick, datagrams in enumerate(ticks):
            for index, datagram in enumerate(datagrams):
                if index % 25 == 0:
                    due = begin + sent / options.rate
                    while (left := due - time.perf_counter()) > 0:
                        time.sleep(min(left, 0.001))
                sender.send(datagram)
                sent += 1
        sending = time.perf_counter() - begin
        time.sleep(3)
        daemon.send_signal(signal.SIGTERM)
        messages = first + daemon.stderr.read().splitlines(keepends=True)
        daemon.wait()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        sys.stderr.writelines(messages)
        end = next((line for line in messages if "stopped watching" in line), "")
        said = {key: int(value) for key, value in re.findall(r"([a-z_.]+)=(\d+)", end)}
        result = {
            "sent": sent, "seconds": round(sending, 3), "rate": round(sent / sending),
            "received": said.get("udp.datagrams"), "dropped_by_socket": said.get("udp.dropped"),
            "dropped_rows": said.get("udp.dropped_rows", 0), "samples": said.get("stream.samples"),
            "counted_only": said.get("stream.counted"), "rounds_without_training": said.get("training.skipped", 0),
            "receive_buffer": said.get("udp.buffer"), "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
            "rss_mb": round(usage.ru_maxrss / 1024, 1)}
        print(json.dumps(result))
        lost = (said.get("udp.datagrams") != sent + (options.format == "csv") or said.get("udp.dropped")
                or said.get("udp.dropped_rows") or said.get("stream.samples", 0) + said.get("stream.counted", 0) != sent)
        sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
