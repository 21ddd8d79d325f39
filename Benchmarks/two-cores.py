#!/usr/bin/env python3
"""One process on two cores against two of one core with half of the series each, in turn.

    two-cores.py BINARY LONG.csv [--rounds 5] [--config FILE] [--cores 0,1]

LONG.csv is of the form time, series, value. Samples a second of the clock, so that other work on these cores is in the figures; processor
seconds are printed beside them: what the two ways take is comparable even then.
"""
import argparse, json, os, statistics, subprocess, tempfile, time


def split(path, folder):
    """The lines of every other series, of which there is one at a time in turn, in two files."""
    halves = [os.path.join(folder, f'half{half}.csv') for half in (0, 1)]
    files = [open(half, 'wb') for half in halves]
    places = {}
    with open(path, 'rb') as whole:
        header = next(whole)
        for file in files: file.write(header)
        for line in whole:
            name = line.split(b',', 2)[1]
            files[places.setdefault(name, len(places)) % 2].write(line)
    for file in files: file.close()
    return halves


def run(binary, config, jobs):
    """Replays at once, each on its cores: samples a second of the clock until all are over, and processor seconds."""
    begin = time.perf_counter()
    running = [subprocess.Popen(['taskset', '-c', cores, binary, 'replay', '--json', *config, path],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for cores, path in jobs]
    said = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    wall = time.perf_counter() - begin
    return sum(one['samples'] for one in said) / wall, sum(one['cpu_seconds'] for one in said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    parser.add_argument('lines')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--config')
    parser.add_argument('--cores', default='0,1')
    options = parser.parse_args()
    config = ['--config', options.config] if options.config else []
    first, second = options.cores.split(',')
    ratios, rates, spent = [], ([], []), ([], [])
    with tempfile.TemporaryDirectory() as folder:
        halves = split(options.lines, folder)
        for _ in range(options.rounds):
            for way, jobs in enumerate(([(options.cores, options.lines)], list(zip((first, second), halves)))):
                rate, cpu = run(options.binary, config, jobs)
                rates[way].append(rate)
                spent[way].append(cpu)
            ratios.append(rates[0][-1] / rates[1][-1])
    for name, way in (('one process, two cores', 0), ('two processes, a core each', 1)):
        print(f'{name}: {statistics.median(rates[way]):,.0f} samples a second [{min(rates[way]):,.0f}-{max(rates[way]):,.0f}], '
              f'{statistics.median(spent[way]):.1f} s of processor')
    print(f'ratio {statistics.median(ratios):.3f} [{min(ratios):.3f}-{max(ratios):.3f}]; load {os.getloadavg()[0]:.1f}')


main()
