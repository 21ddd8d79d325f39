"""A flood of keys: established series among millions of keys that come once each.

    key-flood.py BIN [--keys 10000000] [--series 100] [--ticks 600]

Every tick has a line of each established series and its part of the flood, at random places. Prints how long it took, the
largest resident memory, and whether every line of the established series was scored (all but the first two of each, which
make it a series). Ends with 1 when one was not, or the memory grew by more than 32 MB.
"""
import argparse, os, random, re, subprocess, sys, tempfile, threading, time

# What a flood of keys of which none becomes a series may add to the resident memory.
ROOM = 32 << 10

parser = argparse.ArgumentParser()
parser.add_argument("binary")
parser.add_argument("--keys", type=int, default=10_000_000)
parser.add_argument("--series", type=int, default=100)
parser.add_argument("--ticks", type=int, default=600)
options = parser.parse_args()

random.seed(4)
with tempfile.TemporaryDirectory() as folder:
    daemon = subprocess.Popen(
        [options.binary, "--stdin", "--no-journal", "--log", "none", "--state", os.path.join(folder, "state")],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    notes = []
    reader = threading.Thread(target=lambda: notes.extend(daemon.stderr))
    reader.start()

    def resident():
        with open(f"/proc/{daemon.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))

    daemon.stdin.write(b"time,series,value\n")
    # The established ones first, so that they are series before the flood.
    number, before = 0, 0
    begin = None
    for tick in range(-20, options.ticks):
        stamp = 1767225600 + tick
        lines = [f"{stamp},pump{series},{60 + random.random():.3f}\n" for series in range(options.series)]
        if tick >= 0:
            if begin is None:
                daemon.stdin.flush()
                time.sleep(3)
                before, begin = resident(), time.monotonic()
            share = options.keys * (tick + 1) // options.ticks - options.keys * tick // options.ticks
            flood = [f"{stamp},k{number + index:x},1\n" for index in range(share)]
            number += share
            step = max(1, share // options.series)
            mixed = []
            for series, line in enumerate(lines):
                mixed.append(line)
                mixed.extend(flood[series * step:(series + 1) * step])
            mixed.extend(flood[options.series * step:])
            lines = mixed
        daemon.stdin.write("".join(lines).encode())
    daemon.stdin.flush()
    highest = resident()
    daemon.stdin.close()
    daemon.wait()
    reader.join()
    seconds = time.monotonic() - begin
    text = b"".join(notes).decode()
    counts = dict(re.findall(r"stream\.(counted|lines|samples)=(\d+)", text))
    wanted = options.series * (options.ticks + 20 - 2)
    print(f"{number} keys in {seconds:.0f} s ({number / seconds:.0f}/s); resident {before} kB before, {highest} kB at most")
    print(f"samples scored: {counts.get('samples')} of {wanted} due; lines {counts.get('lines')}, counted only {counts.get('counted')}")
    if counts.get("samples") != str(wanted) or highest - before > ROOM or daemon.returncode != 0:
        sys.exit(f"flood: FAILED: samples missing, more than {ROOM} kB, or monitord ended with {daemon.returncode}")
