#!/usr/bin/env python3
"""What a sample costs as series, channels grow.

    growth.py BINARY [--series 10,100,1000,10000,100000] [--channels 1,2,4,8,16,32,64] [--profiles lean,full] [--samples 500000]
              [--learned 300] [--most-memory 18] [--rounds 1] [--core 1]

Pipes lines into `replay --json -`: of univariate series in the long form, at least LEARNED ticks of each, and of one series with many
channels in the wide form. The lines are put together before and only dated as they are written. Prints a table: µs of processor a sample,
all included, and resident memory. A profile that would take more than MOST-MEMORY GB is left out. The window is the same for all: no key sets it.
"""
import argparse, json, os, random, statistics, subprocess, tempfile

VARIANTS = 16                                    # ticks that differ
BYTES = {'lean': 16e3, 'full': 100e3}            # of a series, about, after some hundred samples


def bodies(series, channels):
    """Ticks of which each line begins with a mark instead of its time."""
    source = random.Random(1)
    drawn = [f'{source.gauss(20, 1):.3f}' for _ in range(8192)]
    def values(): return ','.join(drawn[source.randrange(8192)] for _ in range(channels))
    names = (lambda one: f's{one},') if series else (lambda one: '')
    return [''.join(f'@,{names(one)}{values()}\n' for one in range(series or 1)).encode() for _ in range(VARIANTS)]


def cost(options, profile, series, channels, ticks):
    """µs a sample and resident MB of a replay. No series stands for the wide form."""
    several = bodies(series, channels)
    with tempfile.NamedTemporaryFile('w', suffix='.toml') as config:
        config.write(f'profile = "{profile}"\nmax_series = 1000000\nmax_memory = "100GiB"\n')
        config.flush()
        replay = subprocess.Popen(['taskset', '-c', options.core, options.binary, 'replay', '--json', '--config', config.name, '-'],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        header = 'time,series,value' if series else 'time,' + ','.join(f'c{channel}' for channel in range(channels))
        replay.stdin.write(header.encode() + b'\n')
        for number in range(ticks):
            replay.stdin.write(several[number * 7 % VARIANTS].replace(b'@', b'%d' % (1767225600 + number)))
        said = json.loads(replay.communicate()[0].splitlines()[-1])
    return said['cpu_seconds'] / said['samples'] * 1e6, said['rss_mb']


def table(title, options, cases):
    """Rows of a size each, a column for each profile; `cases` gives series, channels and ticks."""
    print(f'| {title} | ' + ' | '.join(f'{profile}: µs a sample | MB' for profile in options.profiles) + ' |')
    print('|---:|' + '---:|---:|' * len(options.profiles))
    for size, (series, channels, ticks) in cases.items():
        cells = []
        for profile in options.profiles:
            if (series or 1) * BYTES[profile] > options.most_memory * 1e9:
                cells += ['-', '-']
                continue
            took = [cost(options, profile, series, channels, ticks) for _ in range(options.rounds)]
            times = [one[0] for one in took]
            spread = f' [{min(times):.1f}-{max(times):.1f}]' if options.rounds > 1 else ''
            cells += [f'{statistics.median(times):.1f}{spread}', f'{max(one[1] for one in took):.0f}']
        print(f'| {size:,} | ' + ' | '.join(cells) + ' |', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    listed = lambda text: [int(one) for one in text.split(',') if one]
    parser.add_argument('--series', type=listed, default=[10, 100, 1_000, 10_000, 100_000])
    parser.add_argument('--channels', type=listed, default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument('--profiles', type=lambda text: text.split(','), default=['lean', 'full'])
    parser.add_argument('--samples', type=int, default=500_000)
    parser.add_argument('--learned', type=int, default=300)
    parser.add_argument('--most-memory', type=float, default=18, metavar='GB')
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--core', default='1')
    options = parser.parse_args()
    table('series', options, {count: (count, 1, max(options.learned, options.samples // count)) for count in options.series})
    print()
    table('channels', options, {count: (0, count, max(2_000, options.samples // 10)) for count in options.channels})
    print(f'\nload {os.getloadavg()[0]:.1f}')


main()
