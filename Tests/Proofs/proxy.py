"""A way to one server that a proof can shut: proxy.py LISTEN-ADDRESS PORT SERVER-ADDRESS PORT FOLDER

While FOLDER/dark exists, no connection is taken. When FOLDER/cut holds a number N, the next connection is cut, both ways and
without a word, after N bytes have come from the server, and the file is removed. Ends when FOLDER is gone, or after ten minutes.
"""

import asyncio
import os
import sys

address, port, server, server_port, folder = sys.argv[1:6]


def wanted_cut():
    try:
        with open(f"{folder}/cut") as file:
            count = int(file.read())
        os.remove(f"{folder}/cut")
        return count
    except (OSError, ValueError):
        return None


async def copy(reader, writer, budget, end):
    try:
        while data := await reader.read(4096):
            if budget is not None:
                data, budget = data[:budget], budget - len(data)
            writer.write(data)
            await writer.drain()
            if budget is not None and budget <= 0:
                break
    except OSError:
        pass
    end()


async def serve(reader, writer):
    def abort(*writers):
        for one in writers:
            one.transport.abort()

    if os.path.exists(f"{folder}/dark"):
        return abort(writer)
    budget = wanted_cut()
    try:
        far_reader, far_writer = await asyncio.open_connection(server, int(server_port))
    except OSError:
        return abort(writer)
    end = lambda: abort(writer, far_writer)
    await asyncio.gather(copy(reader, far_writer, None, end), copy(far_reader, writer, budget, end))


async def main():
    await asyncio.start_server(serve, address, int(port))
    open(f"{folder}/listening", "w").close()
    for _ in range(1200):
        if not os.path.isdir(folder):
            break
        await asyncio.sleep(0.5)


asyncio.run(main())
