"""Many senders at once, each on a connection of its own: what was acknowledged, and how long it took.

    done = send(port, [(path, headers, body), ...], connections=64)
"""

import asyncio
import time
from dataclasses import dataclass, field


@dataclass
class Done:
    """What became of requests, by their place among those given."""

    statuses: dict = field(default_factory=dict)
    seconds: list = field(default_factory=list)

    def acknowledged(self):
        """The places of the requests that were answered with 2xx."""
        return {place for place, status in self.statuses.items() if 200 <= status < 300}


def send(port, requests, connections=64, after=None):
    """Sends requests; a connection that breaks ends, and what it had not sent is not sent.

    `after` is called with the number of answers after each of them.
    """
    done = Done()

    async def run():
        waiting = iter(enumerate(requests))
        await asyncio.gather(*(_sender(port, waiting, done, after) for _ in range(connections)))

    asyncio.run(run())
    return done


async def _sender(port, waiting, done, after):
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    try:
        for place, (path, headers, body) in waiting:
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
            began = time.perf_counter()
            writer.write(head.encode() + body)
            done.statuses[place] = await _answer(reader)
            done.seconds.append(time.perf_counter() - began)
            if after:
                after(len(done.statuses))
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0)
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])
