"""Runs the tools of scripts/bench/true beside each other and prints what they cost. Started by it."""

import os
import pathlib
import pwd
import statistics
import subprocess
import sys
import time

from loopback import address, port, serve

work, programs, hosts, rounds, *peers = sys.argv[1:]
work, hosts, rounds = pathlib.Path(work), int(hosts), int(rounds)
here = pathlib.Path(__file__).parent
bin = pathlib.Path(sys.executable).parent
user = pwd.getpwuid(os.geteuid()).pw_name
key, known, names = work / "key", work / "known_hosts", work / "hosts"
common = f"-p {port} -i {key} -l {user} -F none -o IdentitiesOnly=yes -o UserKnownHostsFile={known} -o LogLevel=ERROR"
common += " -o ControlMaster=no -o ControlPath=none -o BatchMode=yes"


def files(count):
    all = [address(number) for number in range(count)]
    names.write_text("\n".join(all) + "\n")
    (work / "inventory.yaml").write_text(
        f"version: 1\nname: Bench\ndefaults: {{ user: {user}, port: {port}, identity_file: {key}, known_hosts: {known} }}\n"
        + "hosts:\n"
        + "".join(f"  h{number}: {{ address: {one} }}\n" for number, one in enumerate(all))
        + f"groups: {{ all: [{', '.join(f'h{number}' for number in range(count))}] }}\n"
    )
    (work / "runbook.yaml").write_text(
        "version: 1\nname: Bench\ninventory: inventory.yaml\nsteps:\n- { id: all, name: All, hosts: all, run: 'true' }\n"
    )
    (work / "inventory.ini").write_text(
        "".join(f"{one} ansible_port={port} ansible_user={user} ansible_ssh_private_key_file={key}\n" for one in all)
    )
    (work / "playbook.yaml").write_text("- hosts: all\n  gather_facts: false\n  tasks: [ { raw: 'true' } ]\n")
    (work / "ansible.cfg").write_text(
        f"[defaults]\nhost_key_checking = true\nretry_files_enabled = false\n"
        f"[ssh_connection]\nssh_args = -F none -o UserKnownHostsFile={known} -o ControlMaster=no -o LogLevel=ERROR\n"
    )


turn = 0


def command(tool, count, concurrency):
    global turn
    turn += 1
    table = {
        "floor": [work / "floor", count, concurrency, port, key],
        "plain": [f"{programs}/fan", count, concurrency, port, key, known],
        "blackstart": [
            f"{programs}/blackstart", "run", work / "runbook.yaml", "--no-input", "-y", "-q", "-j", concurrency,
            "--run-dir", work / "runs", "--run-id", f"bench-{turn}",
        ],
        "asyncssh": [sys.executable, here / "peers.py", "asyncssh", names, concurrency, port, key, known],
        "parallel-ssh": [sys.executable, here / "peers.py", "parallel-ssh", names, concurrency, port, key, known],
        "clustershell": ["clush", "-S", "-q", "-f", concurrency, "--hostfile", names, "-o", common, "true"],
        "pssh": ["parallel-ssh", "-h", names, "-p", concurrency, "-t", "0", "-x", common, "true"],
        # A thousand forks are more than a machine holds: never more than 100.
        "ansible": [
            bin / "ansible-playbook", "-i", work / "inventory.ini", "-f", min(concurrency, 100),
            work / "playbook.yaml",
        ],
    }
    return [str(word) for word in table[tool]]


def measure(tool, count, concurrency):
    words = command(tool, count, concurrency)
    environment = dict(os.environ, ANSIBLE_CONFIG=str(work / "ansible.cfg"), BLACKSTART_HOME=str(work / "home"))
    environment.pop("SSH_AUTH_SOCK", None)
    with open(work / "out", "w") as out:
        began = time.monotonic()
        child = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    cpu = (used.ru_utime + used.ru_stime) * 1000 / count
    print(f"  {tool} at {concurrency}: {wall:.1f} s, {cpu:.2f} ms, exit {child.returncode}", file=sys.stderr, flush=True)
    if child.returncode:
        print((work / "out").read_text()[-2000:], file=sys.stderr)
        return None
    return wall, cpu, used.ru_maxrss


tries = 3


def main():
    server = serve(work, common)
    tools = ["floor", "plain", "blackstart"] + [peer for peer in peers if peer != "none"]
    levels = sorted({min(100, hosts), min(1000, hosts)})
    base = {}
    try:
        files(1)
        for tool in ("plain", "blackstart"):
            base[tool] = measure(tool, 1, 1)[2]
        files(hosts)
        seen = {(tool, level): [] for tool in tools for level in levels}
        failures = {(tool, level): 0 for tool in tools for level in levels}
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            order = tools[number % len(tools):] + tools[: number % len(tools)]
            for level in levels:
                for tool in order:
                    # Where a tool gives a host up it is run again, and that is told: the least one has no second try.
                    for _ in range(tries):
                        if run := measure(tool, hosts, level):
                            seen[tool, level].append(run)
                            break
                        failures[tool, level] += 1
                    else:
                        sys.exit(f"{tool} at {level}: it failed {tries} times")
    finally:
        server.terminate()
        server.wait()
    broken = []
    for level in levels:
        print(f"\n`true` on {hosts} hosts, {level} at once, medians of {rounds} rounds")
        print(f"{'':14}{'wall s':>9}{'CPU ms a host':>15}{'x floor':>9}{'MB':>8}{'runs failed':>13}")
        row = {}
        for tool in tools:
            runs = seen[tool, level]
            ratio = statistics.median(run[1] / least[1] for run, least in zip(runs, seen["floor", level]))
            row[tool] = [statistics.median(run[part] for run in runs) for part in range(3)] + [ratio]
            wall, cpu, memory, _ = row[tool]
            failed = failures[tool, level]
            print(f"{tool:14}{wall:9.2f}{cpu:15.2f}{ratio:9.2f}{memory / 1024:8.0f}{failed:13}")
            if failed and tool in ("plain", "blackstart"):
                broken.append(f"{tool} at {level}: hosts failed in {failed} runs")
        for tool, most in (("plain", 1.3), ("blackstart", 2.5)):
            if row[tool][3] > most:
                broken.append(f"{tool} at {level}: {row[tool][3]:.2f} times the floor, more than {most}")
            for peer in tools[3:]:
                if row[tool][1] >= row[peer][1]:
                    broken.append(f"{tool} at {level}: more CPU than {peer}")
        for peer in tools[3:]:
            # What no peer does is not held against their wall time: receipts cost the hosts eight processes each, and
            # here the hosts share the controller's processors.
            if row["plain"][0] >= row[peer][0]:
                broken.append(f"plain at {level}: slower than {peer}")
        if tools[3:]:
            best = min(tools[3:], key=lambda peer: row[peer][0])
            print(f"with receipts and journal: {row['blackstart'][0] / row[best][0]:.2f} times the wall time of {best}, which keeps none")
        for tool in ("plain", "blackstart"):
            each = (row[tool][2] - base[tool]) / hosts
            print(f"{tool}: {each:.0f} KiB a connection above {base[tool] / 1024:.0f} MB")
            if each >= 100:
                broken.append(f"{tool} at {level}: {each:.0f} KiB a connection")
    for line in broken:
        print(f"BROKEN: {line}")
    sys.exit(1 if broken else 0)


main()
