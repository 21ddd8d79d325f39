"""How long a commit of the state holds up scoring: ticks of many series go down a pipe, and each takes as long as it takes.

    commit-stall.py BIN [--series 10000] [--profile lean] [--ticks 120] [--every 20s] [--learned 100]

The pipe holds 64 KiB, a small part of a tick: writing a tick ends when all but its end has been taken. The ticks that a
commit begins or goes on in are told apart from the others by the state's database, whose generation rises when it ends.
Prints the slowest and the median tick of each kind; the difference of the slowest two is what a commit costs.
"""
import argparse, os, sqlite3, subprocess, sys, tempfile, threading, time

parser = argparse.ArgumentParser()
parser.add_argument("binary")
parser.add_argument("--series", type=int, default=10_000)
parser.add_argument("--profile", default="lean")
parser.add_argument("--ticks", type=int, default=120)
parser.add_argument("--every", default="20s")
parser.add_argument("--learned", type=int, default=100, help="ticks before the clock runs")
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    config = os.path.join(folder, "c.toml")
    with open(config, "w") as file:
        file.write(f'commit_every = "{options.every}"\nstate_writes = "512GiB"\nmax_memory = "16GiB"\nprofile = "{options.profile}"\n')
    state = os.path.join(folder, "state")
    daemon = subprocess.Popen(
        [options.binary, "--stdin", "--config", config, "--state", state, "--no-journal", "--log", "none"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    notes = []
    threading.Thread(target=lambda: notes.extend(daemon.stderr), daemon=True).start()
    sink = daemon.stdin.fileno()
    os.write(sink, b"time,series,value\n")
    seed = 1

    def tick(number):
        global seed
        lines = []
        for series in range(options.series):
            seed = (seed * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
            lines.append(f"{1767225600 + number},s{series},{60 + (seed >> 40) / 2**24:.3f}\n")
        return "".join(lines).encode()

    def send(data):
        begin = time.monotonic()
        view = memoryview(data)
        while view:
            view = view[os.write(sink, view):]
        return begin, time.monotonic()

    for number in range(options.learned):
        send(tick(number))
    ends, stop = [], False

    def watch():
        last = None
        while not stop:
            try:
                base = sqlite3.connect(f"file:{state}/monitord.db?mode=ro", uri=True, timeout=1)
                now = base.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0]
                base.close()
                if now != last and last is not None:
                    ends.append(time.monotonic())
                last = now
            except sqlite3.Error:
                pass
            time.sleep(0.05)

    threading.Thread(target=watch, daemon=True).start()
    spans = []
    for number in range(options.learned, options.learned + options.ticks):
        data = tick(number)
        begin = time.monotonic()
        spans.append(send(data))
        time.sleep(max(0, 1 - (time.monotonic() - begin)))
    stop = True
    daemon.stdin.close()
    daemon.wait()
    taken = [(end - begin) * 1e3 for begin, end in spans]
    # A commit lasts a few seconds before its end.
    busy = [any(-0.2 < end - begin < 6 for end in ends) for begin, _ in spans]
    print(f"{options.series} series, {options.profile}: {len(ends)} commits in {options.ticks} ticks of a second")
    for name, kind in (("during commits", True), ("between them", False)):
        some = sorted(span for span, is_busy in zip(taken, busy) if is_busy == kind)
        if some:
            print(f"  {name}: {len(some)} ticks, median {some[len(some) // 2]:.0f} ms, slowest {some[-1]:.0f} ms")
    print(*(line.decode().rstrip() for line in notes[-12:]), sep="\n", file=sys.stderr)
