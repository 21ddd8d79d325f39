"""Soak: a day of event time of many series, as fast as it goes, with the state committed meanwhile.

    soak.py BIN [--series 1000] [--duration 24h] [--seconds 3600] [--every 30] [--seed 12]

Prints, every so many seconds, rows, resident memory, and the bytes of the state and of its log; at the end the growth of each
over the second half. It ends after --seconds at the latest and says how far it came; with 1 when monitord failed, or its
resident memory grew by more than a tenth and 16 MB over the second half.
"""
import argparse, os, re, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("binary")
parser.add_argument("--series", default="1000")
parser.add_argument("--duration", default="24h")
parser.add_argument("--seconds", type=float, default=3600)
parser.add_argument("--every", type=float, default=30)
parser.add_argument("--seed", default="12")
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    state = os.path.join(folder, "state")
    source = subprocess.Popen(
        [options.binary, "simulate", "--kind", "generic", "--channels", "1", "--series", options.series, "--interval", "1s",
         "--duration", options.duration, "--seed", options.seed], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    daemon = subprocess.Popen(
        [options.binary, "--stdin", "--state", state, "--no-journal", "--log", os.path.join(folder, "alerts.jsonl")],
        stdin=source.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    source.stdout.close()
    begin, looks = time.monotonic(), []
    while daemon.poll() is None and time.monotonic() - begin < options.seconds:
        time.sleep(options.every)
        try:
            with open(f"/proc/{daemon.pid}/status") as status:
                resident = int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) // 1024
            size = {name: os.path.getsize(os.path.join(state, name)) >> 20 for name in os.listdir(state) if "monitord.db" in name}
        except (OSError, AttributeError):
            # It has not made its state yet, or has ended.
            continue
        looks.append((resident, size.get("monitord.db", 0), size.get("monitord.db-wal", 0)))
        print(f"{time.monotonic() - begin:.0f} s: resident {resident} MB, state {looks[-1][1]} MB, log {looks[-1][2]} MB", flush=True)
    source.terminate()
    _, notes = daemon.communicate()
    end = notes.decode().strip().splitlines()[-1]
    print(end)
    half = looks[len(looks) // 2:]
    if half:
        print("second half:", ", ".join(
            f"{name} {min(look[index] for look in half)} to {max(look[index] for look in half)} MB"
            for index, name in enumerate(("resident", "state", "log"))))
        # A short soak is over while learning begins, which takes a few megabytes.
        if max(look[0] for look in half) > half[0][0] * 1.1 + 16:
            sys.exit("soak: FAILED: the resident memory grew over the second half")
    if not looks or daemon.returncode != 0 or "stopped watching" not in end:
        sys.exit(f"soak: FAILED: {len(looks)} looks, monitord ended with {daemon.returncode}: {end}")
