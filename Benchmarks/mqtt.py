#!/usr/bin/env python3
"""How many messages of an MQTT broker monitord takes, beside mosquitto_sub at the same broker in the same minutes.

    python3 Benchmarks/mqtt.py [--binary PATH] [--messages N] [--rounds N] [--publishers N] [--networks]

A broker of its own (Debian's mosquitto) on a loopback port, which drops nothing that waits. In each round the messages
(QoS 1, JSON with a time and a value, one topic for each publisher) are first published while the reader is away, its session being
kept; then the reader connects, and what is timed is how long it takes from there to the last message. So the
publishers take no part in it. Then once more at 10,000 a second, paced, with the reader there: its processor time is read.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def free_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_broker(folder, port):
    (folder / "mosquitto.conf").write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 100\n"
        f"log_dest none\n"
    )
    broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", folder / "mosquitto.conf"])
    wait_for(lambda: subprocess.run(
        ["mosquitto_pub", "-p", str(port), "-t", "x", "-m", "x"], stderr=subprocess.DEVNULL).returncode == 0)
    return broker


def wait_for(is_done, seconds=120):
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            sys.exit("waited in vain")
        time.sleep(0.01)


def publish(port, publishers, each, rate=None, first=0):
    """Starts the publishers; each sends its share, paced by its own lines where a rate is given."""
    running = []
    for number in range(publishers):
        lines = "".join('{"t":%d,"v":%d.5}\n' % (1_792_000_000 + first + index, index % 97) for index in range(each))
        sender = subprocess.Popen(
            ["mosquitto_pub", "-p", str(port), "-t", f"fleet/d{number}", "-q", "1", "-l"], stdin=subprocess.PIPE)
        running.append((sender, lines.splitlines(keepends=True)))
    if rate is None:
        import threading

        def feed(sender, lines):
            sender.stdin.write("".join(lines).encode())
            sender.stdin.close()

        threads = [threading.Thread(target=feed, args=pair) for pair in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        begun = time.monotonic()
        step = max(1, rate // publishers // 50)
        for start in range(0, each, step):
            for sender, lines in running:
                sender.stdin.write("".join(lines[start:start + step]).encode())
                sender.stdin.flush()
            wait = begun + (start + step) * publishers / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
        for sender, _ in running:
            sender.stdin.close()
    for sender, _ in running:
        sender.wait()


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1_000


def monitord(binary, folder, port, networks):
    (folder / "monitord.toml").write_text(
        f"""log = "none"\njournal = false\nnetworks = {str(networks).lower()}\nhttp = "127.0.0.1:{HTTP}"\n"""
        f"""[[source]]\nmqtt = "mqtt://127.0.0.1:{port}"\ntopics = ["fleet/+"]\nseries = "{{2}}"\nclient_id = "reader"\n"""
    )
    return subprocess.Popen(
        [binary, "run", "--config", folder / "monitord.toml"], stdout=subprocess.DEVNULL,
        stderr=(folder / "errors").open("w"))


def taken_by_monitord(reader, total):
    """Waits until all have come, and returns when that was: /metrics says so seconds later, so it is when the process came to rest
    before that, seen every 20 ms."""
    import urllib.request

    last, rest = cpu(reader.pid), time.monotonic()
    asked = 0
    while True:
        now = time.monotonic()
        used = cpu(reader.pid)
        # A busy reader uses at least a tenth of a core; one at rest that is asked once in a while does not.
        if used - last >= 0.02:
            last, rest = used, now
        if now - asked > 0.5:
            asked = now
            try:
                text = urllib.request.urlopen(f"http://127.0.0.1:{HTTP}/metrics", timeout=5).read().decode()
                found = re.search(r"monitord_source_records_total\{[^}]*\} (\d+)", text)
                if found and int(found.group(1)) >= total:
                    return rest
            except OSError:
                pass
        time.sleep(0.02)


HTTP = free_port()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=ROOT / ".build/release/monitord")
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--publishers", type=int, default=10)
    parser.add_argument("--networks", action="store_true")
    options = parser.parse_args()
    each = options.messages // options.publishers
    total = each * options.publishers
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for round_number in range(options.rounds):
            port = free_port()
            broker = start_broker(folder, port)
            for reader_name in ["mosquitto_sub", "monitord"]:
                client = "reader" if reader_name == "monitord" else "sub"
                # Makes the session that the broker keeps.
                subprocess.run(
                    ["mosquitto_sub", "-p", str(port), "-i", client, "-c", "-q", "1", "-t", "fleet/+", "-E"], check=True)
                publish(port, options.publishers, each)
                begun = time.monotonic()
                if reader_name == "mosquitto_sub":
                    reader = subprocess.Popen(
                        ["mosquitto_sub", "-p", str(port), "-i", client, "-c", "-q", "1", "-t", "fleet/+", "-C", str(total)],
                        stdout=subprocess.DEVNULL)
                    _, _, usage = os.wait4(reader.pid, 0)
                    used = usage.ru_utime + usage.ru_stime
                else:
                    reader = monitord(options.binary, folder, port, options.networks)
                    ended = taken_by_monitord(reader, total)
                    used = cpu(reader.pid)
                seconds = (ended if reader_name == "monitord" else time.monotonic()) - begun
                print(f"round {round_number + 1} {reader_name}: {total} messages in {seconds:.2f} s, "
                      f"{total / seconds:,.0f} a second, processor {used:.2f} s, {used / total * 1e6:.1f} µs each", flush=True)
                if reader_name == "monitord":
                    before = cpu(reader.pid)
                    begun = time.monotonic()
                    publish(port, options.publishers, 50_000 // options.publishers, rate=10_000, first=each)
                    seconds = taken_by_monitord(reader, total + 50_000) - begun
                    print(f"round {round_number + 1} monitord at a pace: 50000 messages in {seconds:.2f} s, "
                          f"processor {(cpu(reader.pid) - before) / seconds * 100:.0f} % of a core, "
                          f"{resident(reader.pid):.1f} MB resident", flush=True)
                    reader.send_signal(signal.SIGTERM)
                    reader.wait()
                    ended = [line for line in (folder / "errors").read_text().splitlines() if "stream.lines" in line]
                    print("   ", re.sub(r"^.*?(stream\.lines=\d+).*?(stream\.samples=\d+)?.*$", r"\1", ended[-1])
                          if ended else "no last line")
            broker.kill()
            broker.wait()


if __name__ == "__main__":
    main()
