#!/usr/bin/env python3
"""Resident memory of the daemon beside what `check --sample` forecasts of the same lines.

    resident.py BINARY [--case PROFILE:SERIES:SAMPLES[:CHANNELS] | flows:HOSTS:HOURS]... [--no-state] [--config KEY=VALUE]...

Writes a long-form file (or Zeek's conn.log of `monitord simulate --kind flows`), has `check --sample` forecast what watching it takes,
then follows it with `run --file`, with state, history and a commit every 2 s, until every sample is read and a few commits are
over, and prints Rss of /proc/PID/smaps_rollup: the median of the looks at the end, and the largest one on the way.
"""
import argparse, os, random, re, statistics, subprocess, tempfile, time

START = 1773619200                               # 2026-03-16


def write(path, series, samples, channels):
    """Seconds of long-form lines: time, series, channel, value."""
    source = random.Random(1)
    drawn = [f'{source.gauss(20, 1):.3f}' for _ in range(4096)]
    with open(path, 'w') as f:
        f.write('time,series,channel,value\n')
        for tick in range(samples):
            time, first = START + tick, source.randrange(4096)
            f.write(''.join(f'{time},s{s},c{c},{drawn[(first + 7 * s + 1031 * c) % 4096]}\n'
                            for s in range(series) for c in range(channels)))


def resident(pid):
    with open(f'/proc/{pid}/smaps_rollup') as f: return int(re.search(r'Rss:\s+(\d+)', f.read())[1]) * 1024 / 1e6


def processor(pid):
    with open(f'/proc/{pid}/stat') as f: fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def read(pid):
    """Bytes that a process has read, of whatever."""
    with open(f'/proc/{pid}/io') as f: return int(re.search(r'rchar: (\d+)', f.read())[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    parser.add_argument('--case', action='append', default=[])
    parser.add_argument('--no-state', action='store_true')
    parser.add_argument('--config', action='append', default=[], metavar='KEY=VALUE')
    parser.add_argument('--show', action='store_true', help='print what check says')
    a = parser.parse_args()
    for case in a.case:
        profile, count, length, channels = (case.split(':') + ['1'])[:4]
        with tempfile.TemporaryDirectory() as folder:
            lines, config, state = (os.path.join(folder, name) for name in ('lines', 'config.toml', 'state'))
            with open(config, 'w') as f:
                f.write('commit_every = "2s"\nmax_memory = "16GiB"\nmax_series = 100000\n' if not a.config else
                        ''.join(c + '\n' for c in a.config))
                if profile != 'flows': f.write(f'profile = "{profile}"\n')
                f.write(f'[[source]]\nfile = "{lines}"\n')
            if profile == 'flows':
                with open(lines, 'wb') as f:
                    subprocess.run([a.binary, 'simulate', '--kind', 'flows', '--hosts', count, '--duration', f'{length}h',
                                    '--start', '2026-03-16T09:00:00Z'], stdout=f, stderr=subprocess.DEVNULL, check=True)
            else:
                write(lines, int(count), int(length), int(channels))
            flags = ['--config', config] + ([] if a.no_state else ['--state', state])
            said = subprocess.run([a.binary, 'check'] + flags + ['--sample', lines], capture_output=True, text=True).stdout
            if a.show: print('\n'.join(l for l in said.splitlines() if 'memory' in l))
            forecast = [float(n) * {'k': 1e-3, 'M': 1}[u] for l in said.splitlines() if 'memory' in l and 'max_memory =' not in l.split('#')[0]
                        for n, u in re.findall(r'about ([\d.]+) ([kM])B', l)]
            daemon = subprocess.Popen([a.binary, 'run'] + flags + ['--log', 'none', '--no-journal'],
                                      stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, 'said'), 'w'))
            looks, last, idle = [], 0.0, 0
            begin = time.monotonic()
            while idle < 10:                     # five seconds, a few commits, in which next to nothing was done
                time.sleep(.5)
                looks.append(resident(daemon.pid))
                now = processor(daemon.pid)
                idle = idle + 1 if now - last < .1 and time.monotonic() - begin > 8 and read(daemon.pid) >= os.path.getsize(lines) else 0
                last = now
            settled = statistics.median(looks[-8:])
            daemon.terminate()
            daemon.wait()
            stopped = [l for l in open(os.path.join(folder, 'said')) if 'stopped watching' in l]
            samples = re.search(r'stream.samples=(\d+)', stopped[0])[1] if stopped else '?'
            first = forecast[0] if forecast else float('nan')
            print(f'{case}: {samples} samples; resident {settled:.1f} MB, at most {max(looks):.1f}; forecast '
                  f'{", ".join(f"{f:.1f}" for f in forecast)} MB; {100 * (first / settled - 1):+.0f} %; processor {last:.0f} s', flush=True)


main()
