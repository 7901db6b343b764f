"""A host that does not behave: how is the first argument. Prints its port, and ends with its input."""

import asyncio
import sys

import asyncssh

BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"


# Before anybody is logged in: bytes on a socket.


async def silent(reader, writer):
    await reader.read()


async def drip(reader, writer):
    while True:
        writer.write(b"S")
        await writer.drain()
        await asyncio.sleep(0.05)


async def garbage(reader, writer):
    writer.write(bytes(range(256)) * 400)
    await writer.drain()
    await reader.read()


async def flood(reader, writer):
    while True:
        writer.write(b"a line that is no version\r\n" * 4000)
        await writer.drain()


async def endless(reader, writer):
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def half(reader, writer):
    writer.write(BANNER)
    writer.write_eof()
    await reader.read()


async def huge(reader, writer):
    writer.write(BANNER + b"\xff\xff\xff\xff" + b"\x00" * 60000)
    await writer.drain()
    await reader.read()


async def cut(reader, writer):
    writer.write(BANNER)
    await reader.readline()
    writer.close()


# After the login: what comes in place of an answer.


async def noise(process):
    while True:
        process.stdout.write(b"n" * 65536)
        await process.stdout.drain()


async def lines(process):
    while True:
        process.stdout.write(b"line\n" * 13000)
        await process.stdout.drain()


async def errors(process):
    while True:
        process.stderr.write(b"e" * 65536)
        await process.stderr.drain()


async def mute(process):
    await process.stdin.read()


async def closing(process):
    process.stdout.write_eof()
    await process.stdin.read()


async def leaving(process):
    process.exit(0)


async def dropping(process):
    process.get_extra_info("connection").abort()


async def nonce(process):
    text = b""
    while b"nonce=" not in text or b"\n" not in text.partition(b"nonce=")[2]:
        more = await process.stdin.read(65536)
        if not more:
            return b""
        text += more
    return text.partition(b"nonce=")[2].partition(b";")[0].strip(b"'")


async def lying(process):
    """It counts bytes that no host has."""
    process.stdout.write(b"BS1 " + await nonce(process) + b"\nO 99999999999999999999\n")
    await process.stdin.read()


async def negative(process):
    process.stdout.write(b"BS1 " + await nonce(process) + b"\nS claim=1 id= go= end= alive=0 boot=b1 out=-5 err=-1 refused=\n")
    await process.stdin.read()


async def chatter(process):
    """It prints for ever, as if a command did."""
    process.stdout.write(b"BS1 " + await nonce(process) + b"\n")
    while True:
        process.stdout.write(b"O 65536\n" + b"o" * 65536)
        await process.stdout.drain()


async def printing(process):
    """It answers a check with more than any check prints."""
    process.stdout.write(b"BS1 " + await nonce(process) + b"\n")
    while True:
        process.stdout.write(b"E 1048576\n" + b"e" * 1048576 + b"O 1048576\n" + b"o" * 1048576)
        await process.stdout.drain()


async def signs(process):
    """Signs of life, and nothing else."""
    process.stdout.write(b"BS1 " + await nonce(process) + b"\n")
    while True:
        process.stdout.write(b"H\n" * 32768)
        await process.stdout.drain()


async def dripping(process):
    """One byte at a time, for ever."""
    process.stdout.write(b"BS1 " + await nonce(process) + b"\n")
    while True:
        process.stdout.write(b"H\n")
        await process.stdout.drain()
        await asyncio.sleep(0.2)


async def receipts(process):
    """The heads of receipts that no run has."""
    process.stdout.write(b"BS1 " + await nonce(process) + b"\n")
    line = b"K " + b"r" * 3900 + b" 1:" + b"0" * 64 + b"\n"
    while True:
        process.stdout.write(line * 16)
        await process.stdout.drain()


async def refusing(process):
    """A refusal as long as a line can be, with what a terminal would obey."""
    process.stdout.write(b"BS1 " + await nonce(process) + b"\nN " + b"\x1b[2Jno " * 500 + b"\n")
    await process.stdin.read()


async def witness(process):
    """A copy that never ends."""
    process.stdout.write(b"BSW have 4096\n")
    while True:
        process.stdout.write(b"j" * 65536)
        await process.stdout.drain()


async def endlessCopy(process):
    """A copy that says it is larger than any journal, and comes."""
    process.stdout.write(b"BSW have 1099511627776\n")
    while True:
        process.stdout.write(b"j" * 65536)
        await process.stdout.drain()


async def preamble(process):
    """A login that never comes to the point."""
    while True:
        process.stdout.write(b"welcome\n" * 8192)
        await process.stdout.drain()


async def deaf(process):
    """It prints, and reads nothing of what it is sent: its window is smaller than any question."""
    while True:
        process.stdout.write(b"BS1 no\n" * 8192)
        await process.stdout.drain()


async def slowly(process):
    """It answers as it should, a few bytes at a time."""
    shell = await asyncio.create_subprocess_shell(
        process.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )

    async def feed():
        while more := await process.stdin.read(512):
            shell.stdin.write(more)
            await asyncio.sleep(0.002)

    feeding = asyncio.ensure_future(feed())
    while more := await shell.stdout.read(3):
        process.stdout.write(more)
        await asyncio.sleep(0.002)
    feeding.cancel()
    process.exit(await shell.wait())


class Open(asyncssh.SSHServer):
    def begin_auth(self, username):
        return False


class Locked(asyncssh.SSHServer):
    """It lets nobody in."""

    def connection_made(self, conn):
        self.conn = conn

    def begin_auth(self, username):
        return True

    def kbdint_auth_supported(self):
        return True

    async def asked(self):
        return ("n" * 60000, "i" * 60000, "", [("Password: ", False)] * 200)

    async def get_kbdint_challenge(self, username, lang, submethods):
        return await self.asked()

    async def validate_kbdint_response(self, username, responses):
        return await self.asked()


class Slow(Locked):
    """Its next question never comes, and bytes do."""

    async def asked(self):
        while True:
            self.conn.send_auth_banner("b" * 1000)
            await asyncio.sleep(0.1)


class Wordy(Locked):
    async def begin_auth(self, username):
        while True:
            self.conn.send_auth_banner("b" * 65536)
            await asyncio.sleep(0.001)


class Jump(Open):
    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return endless


def locked(process): ...
def slow(process): ...
def wordy(process): ...
def jump(process): ...


SERVERS = {"locked": Locked, "slow": Slow, "wordy": Wordy, "jump": Jump}


async def shy(reader, writer):
    """A port that several protocols share: it waits for what the client says first."""
    first = await reader.readline()
    inner = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[sys.argv[2]], server_factory=Open, process_factory=slowly, encoding=None
    )
    inward, outward = await asyncio.open_connection("127.0.0.1", inner.get_port())
    outward.write(first)

    async def pass_on(source, sink):
        while more := await source.read(65536):
            sink.write(more)
            await sink.drain()
        sink.close()

    await asyncio.gather(pass_on(reader, outward), pass_on(inward, writer))


async def main():
    how, key = globals()[sys.argv[1]], sys.argv[2]
    if how.__code__.co_argcount == 2:

        async def serve(reader, writer):
            try:
                await how(reader, writer)
            except ConnectionError:
                pass
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
    else:

        async def play(process):
            try:
                await how(process)
            except (ConnectionError, asyncssh.Error):
                pass

        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[key],
            server_factory=SERVERS.get(sys.argv[1], Open),
            process_factory=play,
            encoding=None,
            window=64 if sys.argv[1] == "deaf" else 2 << 20,
        )
        port = server.get_port()
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
