"""Soak: a day of event time of many series, as fast as it goes, with the state committed meanwhile.

    soak.py BIN [--series 1000] [--duration 24h] [--seconds 3600] [--state DIR]

Prints, every so many seconds, rows, resident memory, and the bytes of the state and of its log; at the end the growth of each
over the second half. It ends after --seconds at the latest and says how far it came.
"""
import argparse, os, re, subprocess, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("binary")
parser.add_argument("--series", default="1000")
parser.add_argument("--duration", default="24h")
parser.add_argument("--seconds", type=float, default=3600)
parser.add_argument("--every", type=float, default=30)
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    state = os.path.join(folder, "state")
    source = subprocess.Popen(
        [options.binary, "simulate", "--kind", "generic", "--channels", "1", "--series", options.series, "--interval", "1s",
         "--duration", options.duration, "--seed", "12"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
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
        except (OSError, AttributeError):
            break
        size = {name: os.path.getsize(os.path.join(state, name)) >> 20 for name in os.listdir(state) if "monitord.db" in name}
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
