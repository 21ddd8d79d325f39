#!/usr/bin/env python3
"""Many univariate series at one sample a second each, live: processor and resident memory.

    fleet-live.py BINARY [--series 10000] [--profile lean] [--learned 260] [--seconds 60] [--state] [--core 1]

LEARNED ticks are dated back and go down a pipe to `run --stdin` at once, so that learning is over; then each tick is written in ten parts
over its second for SECONDS. Prints the share of one core and the resident memory behind the warm-up, in MB of 10^6 bytes.
"""
import argparse, os, random, re, subprocess, tempfile, time

from peers_live import processor

PARTS = 10                                       # of a tick, spread over its second
VARIANTS = 50                                    # ticks that differ


def bodies(series):
    """Ticks in parts; each line begins with a mark instead of its time."""
    source = random.Random(1)
    drawn = [f'{source.gauss(20, 1):.3f}' for _ in range(8192)]
    ticks = []
    for _ in range(VARIANTS):
        lines = [f'@,s{one},{drawn[source.randrange(8192)]}\n' for one in range(series)]
        size = -(-series // PARTS)
        ticks.append([''.join(lines[part * size:(part + 1) * size]).encode() for part in range(PARTS)])
    return ticks


def resident(pid):
    """Resident memory and the part of it that is not of files."""
    with open(f'/proc/{pid}/status') as file: text = file.read()
    return [int(re.search(rf'{key}:\s+(\d+)', text)[1]) * 1024 / 1e6 for key in ('VmRSS', 'RssAnon', 'VmHWM')]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    parser.add_argument('--series', type=int, default=10_000)
    parser.add_argument('--profile', default='lean')
    parser.add_argument('--learned', type=int, default=260)
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--state', action='store_true')
    parser.add_argument('--core', default='1')
    options = parser.parse_args()
    ticks = bodies(options.series)
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, 'monitord.toml')
        with open(config, 'w') as file:
            file.write(f'profile = "{options.profile}"\nmax_series = 1000000\nmax_memory = "16GiB"\n[[source]]\nstdin = true\n')
        command = ['taskset', '-c', options.core, options.binary, 'run', '--config', config, '--no-journal', '--log', 'none']
        if options.state: command += ['--state', os.path.join(folder, 'state')]
        with open(os.path.join(folder, 'said'), 'w') as said:
            daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        sink = daemon.stdin
        sink.write(b'time,series,value\n')
        first = int(time.time())
        for number in range(options.learned):
            for part in ticks[number % VARIANTS]: sink.write(part.replace(b'@', b'%d' % (first - options.learned + number)))
        sink.flush()
        begin, used, late, looks = 0, 0, 0, []
        for number in range(-5, options.seconds):     # five seconds to settle
            if number == 0: begin, used = time.monotonic(), processor(daemon.pid)
            if number == -5: start = time.monotonic() + 5
            for place, part in enumerate(ticks[number % VARIANTS]):
                left = start + number + place / PARTS - time.monotonic()
                if left > 0: time.sleep(left)
                elif number >= 0: late = max(late, -left)
                sink.write(part.replace(b'@', b'%d' % time.time()))
                sink.flush()
            if number >= 0: looks.append(resident(daemon.pid))
        share = (processor(daemon.pid) - used) / (time.monotonic() - begin)
        sink.close()
        daemon.wait()
        with open(os.path.join(folder, 'said')) as said: end = [line for line in said if 'stopped watching' in line]
    samples = re.search(r'stream.samples=(\d+)', end[0])[1] if end else '?'
    print(f'{options.series} {options.profile} series, {"with" if options.state else "without"} state: {100 * share:.1f} % of a core; resident '
          f'{looks[0][0]:.1f} to {looks[-1][0]:.1f} MB (not of files {looks[-1][1]:.1f}), at most {looks[-1][2]:.1f}; {samples} samples, '
          f'the writer at most {late:.2f} s late; load {os.getloadavg()[0]:.1f}')


main()
