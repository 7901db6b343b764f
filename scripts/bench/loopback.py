"""A private OpenSSH server that plays all hosts of loopback, for the benchmarks. Started in a network of its own."""

import os
import subprocess
import sys

port = 2200


def address(number):
    return f"127.1.{number // 250}.{number % 250 + 1}"


def serve(work, common):
    """`common`: options of ssh by which the server is known to be up."""
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / name], check=True)
    # A login shell that reads somebody's start-up files would be what is measured.
    (work / "home").mkdir()
    (work / "sshd_config").write_text(
        f"""Port {port}
ListenAddress 0.0.0.0
HostKey {work}/host_key
AuthorizedKeysFile {work}/key.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
KexAlgorithms curve25519-sha256
MaxStartups 10000
LoginGraceTime 0
LogLevel ERROR
SetEnv HOME={work}/home BLACKSTART_RECEIPTS={work}/receipts
"""
    )
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    shown = " ".join((work / "host_key.pub").read_text().split()[:2])
    (work / "known_hosts").write_text(f"[127.1.*]:{port} {shown}\n")
    server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", work / "sshd_config"])
    while subprocess.run(["ssh", *common.split(), address(0), "true"], stderr=subprocess.DEVNULL).returncode:
        if server.poll() is not None:
            sys.exit("no SSH server came up")
    return server
