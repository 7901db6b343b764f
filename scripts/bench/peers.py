"""`true` on many hosts with a library of Python's: peers.py LIBRARY HOSTS CONCURRENCY PORT KEY KNOWN_HOSTS"""

import asyncio
import getpass
import sys

library, names, concurrency, port, key, known = sys.argv[1:]
hosts, concurrency, port = open(names).read().split(), int(concurrency), int(port)
user = getpass.getuser()


async def by_asyncssh():
    import asyncssh

    gate = asyncio.Semaphore(concurrency)
    keys, lines = [asyncssh.read_private_key(key)], asyncssh.read_known_hosts(known)

    async def visit(host):
        async with gate:
            async with asyncssh.connect(
                host, port, username=user, client_keys=keys, known_hosts=lines, config=None, agent_path=None,
                login_timeout=120, connect_timeout=120,
            ) as connection:
                return (await connection.run("true")).exit_status

    return await asyncio.gather(*(visit(host) for host in hosts))


def by_parallel_ssh():
    from pssh.clients import ParallelSSHClient

    client = ParallelSSHClient(hosts, user=user, port=port, pkey=key, pool_size=concurrency, timeout=120)
    output = client.run_command("true", stop_on_errors=False)
    client.join(output)
    return [1 if one.exception else one.exit_code for one in output]


codes = asyncio.run(by_asyncssh()) if library == "asyncssh" else by_parallel_ssh()
failed = sum(code != 0 for code in codes)
print(f"{len(codes)} hosts, {failed} failed")
sys.exit(1 if failed or len(codes) != len(hosts) else 0)
