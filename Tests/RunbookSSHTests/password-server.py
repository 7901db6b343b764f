"""An SSH server that takes a password only: asked for as `method` says. Prints its port, and ends with its input."""

import asyncio
import sys

import asyncssh


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return method == "password"

    def validate_password(self, username, password):
        return password == "correct horse"

    def kbdint_auth_supported(self):
        return method != "password"

    def get_kbdint_challenge(self, username, lang, submethods):
        return "", "", "", [("Code: ", True)] if method == "code" else [("Password: ", False)]

    def validate_kbdint_response(self, username, responses):
        return list(responses) == ["correct horse"]


async def process(process):
    done = await asyncio.create_subprocess_shell(
        process.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    await process.redirect(stdin=done.stdin, stdout=done.stdout)
    await done.wait()
    await process.stdout.drain()
    process.exit(done.returncode)


async def main():
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], server_factory=Server, process_factory=process, encoding=None
    )
    print(server.get_port(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


method, key = sys.argv[1:]
asyncio.run(main())
