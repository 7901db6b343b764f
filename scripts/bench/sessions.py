"""Holds many sessions open and asks all of them again and again. Started by scripts/bench/sessions."""

import pathlib
import pwd
import os
import re
import subprocess
import sys

from loopback import address, port, serve

work, program, hosts, rounds = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
key, known = work / "key", work / "known_hosts"
user = pwd.getpwuid(os.geteuid()).pw_name
common = f"-p {port} -i {key} -l {user} -F none -o UserKnownHostsFile={known} -o LogLevel=ERROR -o BatchMode=yes"

server = serve(work, common)
seen = []
try:
    words = [program, str(hosts), str(min(hosts, 500)), str(port), str(key), str(known), str(rounds)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    for line in child.stdout:
        print(line, end="", flush=True)
        if found := re.match(r"round \d+: [\d.]+ s, (\d+) KiB, (\d+) files", line):
            seen.append((int(found[1]), int(found[2])))
    code = child.wait()
finally:
    server.terminate()
    server.wait()
if code or len(seen) != rounds:
    sys.exit(f"BROKEN: it ended with {code} after {len(seen)} of {rounds} rounds")
first, last = seen[0], seen[-1]
print(f"{hosts} sessions, {rounds} rounds: {last[0] / hosts:.0f} KiB a session, the program's own included")
if any(files != first[1] for _, files in seen) or first[1] < hosts:
    sys.exit(f"BROKEN: open files went from {first[1]} to {last[1]}")
# What the second round adds is buffers that stay; from then on nothing is added.
if last[0] > max(seen[min(1, rounds - 1)][0] * 1.02, seen[min(1, rounds - 1)][0] + 2048):
    sys.exit(f"BROKEN: memory went from {seen[1][0]} to {last[0]} KiB")
