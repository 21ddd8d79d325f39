#!/usr/bin/env python3
"""How much of one processor flows take: many hosts, many flows a second, learning on.

    flows-rate.py BINARY [--hosts 10000] [--rate 20000] [--minutes 20] [--warm 5] [--live] [--config KEY=VALUE]...

Pipes lines of Zeek's conn.log into `replay --format zeek -`, as fast as it takes them: RATE connections a second between HOSTS
clients (half of the connections are of a tenth of them; every host has some in nearly every sample of 20 s), 1 to 12 servers each, and
prints the processor seconds that a second of traffic takes behind the first WARM minutes, and the resident memory. Below 1 it is
sustained on one core. With --live the lines go into `run --stdin` at their time, with a state directory: storing it is then part of
the figure. The lines are put together before and only dated as they are written, so that their writer keeps up.
"""
import argparse, json, os, random, re, subprocess, tempfile, time

START = 1773619200                               # 2026-03-16
FIELDS = ('ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig '
          'local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents').split()
TEMPLATES = 40                                   # different seconds, drawn at random


def address(number): return f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}'


def second(random, peers, rate):
    """The connections of a second; each line begins with a mark instead of the whole seconds."""
    lines = []
    for place in range(rate):
        host = random.randrange(len(peers) // 10 if random.random() < .5 else len(peers))
        peer, port = random.choice(peers[host])
        out, back = random.randrange(60, 3000), random.randrange(60, 40000)
        state, duration = ('SF', random.random() * .3) if random.random() < .96 else ('S0', 0)
        lines.append(f'@.{place * 999999 // rate:06}\tC{random.getrandbits(48):x}\t{address(host + 257)}\t{random.randrange(1024, 65535)}\t{peer}\t{port}\ttcp\t-\t'
                     f'{duration:.6f}\t{out}\t{back}\t{state}\tT\tF\t0\tShADadFf\t{out // 500 + 2}\t{out + 200}\t{back // 900 + 2}\t{back + 200}\t-\n')
    return ''.join(lines).encode()


def usage(process):
    with open(f'/proc/{process}/stat') as f: fields = f.read().rsplit(')', 1)[1].split()
    with open(f'/proc/{process}/status') as f: memory = re.search(r'VmRSS:\s+(\d+)', f.read())
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK'), int(memory[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('binary')
    for name, value in (('hosts', 10000), ('rate', 20000), ('minutes', 20), ('warm', 5)): parser.add_argument('--' + name, type=int, default=value)
    parser.add_argument('--live', action='store_true')
    parser.add_argument('--config', action='append', default=[], metavar='KEY=VALUE')
    a = parser.parse_args()
    source = random.Random(1)
    peers = [[(address(0x640000 + source.randrange(5000)), source.choice([443, 443, 80, 53, 22, 8883])) for _ in range(source.randrange(1, 13))]
             for _ in range(a.hosts)]
    seconds = [second(source, peers, a.rate) for _ in range(TEMPLATES)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'config.toml')
        with open(path, 'w') as f: f.write(''.join(c + '\n' for c in a.config))
        verb = (['run', '--stdin', '--state', os.path.join(folder, 'state'), '--log', 'none', '--no-journal'] if a.live else
                ['replay', '--json', '-'])
        replay = subprocess.Popen([a.binary] + verb + ['--config', path, '--format', 'zeek'], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        replay.stdin.write(('#separator \\x09\n#path\tconn\n#fields\t' + '\t'.join(FIELDS) + '\n').encode())
        marks, begin, behind = [], time.monotonic(), 0
        for now in range(a.minutes * 60):
            if now == a.warm * 60: marks.append((usage(replay.pid)[0], time.monotonic()))
            text = source.choice(seconds)
            if a.live:
                late = time.monotonic() - begin - now
                behind = max(behind, late)
                if late < 0: time.sleep(-late)
            replay.stdin.write(text.replace(b'@', str(START + now).encode()))
        replay.stdin.flush()
        (cpu, memory), end = usage(replay.pid), time.monotonic()
        replay.stdin.close()
        said = replay.stdout.read().decode().strip().splitlines()
        replay.wait()
        if a.live:
            stored = sum(os.path.getsize(os.path.join(folder, 'state', name)) for name in os.listdir(os.path.join(folder, 'state')))
            print(f'the writer was at most {behind:.1f} s behind; {stored / 1e6:.0f} MB of state, {len(said)} messages')
        else:
            print(said[-1] if said else '')
    traffic = (a.minutes - a.warm) * 60
    print(f'{a.hosts} hosts, {a.rate} flows a second: {(cpu - marks[0][0]) / traffic:.3f} processor seconds and '
          f'{(end - marks[0][1]) / traffic:.3f} of the clock a second of traffic; resident {memory:.0f} MB')


main()
