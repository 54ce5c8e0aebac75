"""A pooler that refuses on purpose, with messages that were recorded from real ones.

It speaks the wire protocol before a test's database, over TCP, and passes on what it does not
refuse: https://www.postgresql.org/docs/current/protocol-flow.html. It stands for Supabase's
Supavisor, which cannot be installed here, and unlike PgBouncer it refuses when a test says so.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

SSL_REQUEST, CANCEL_REQUEST = 80877103, 80877102


@dataclass(frozen=True)
class RecordedRefusal:
    """An error with its SQLSTATE, as it goes over the wire."""

    sqlstate: str
    message: str
    severity: str = "FATAL"

    def __bytes__(self) -> bytes:
        """Return it as an ErrorResponse of the protocol."""
        fields = {"S": self.severity, "C": self.sqlstate, "M": self.message}
        body = b"".join(f"{name}{text}".encode() + b"\0" for name, text in fields.items()) + b"\0"
        return b"E" + struct.pack("!I", len(body) + 4) + body


# github.com/supabase/supavisor, lib/supavisor/errors, and what its older releases said.
SUPAVISOR = {
    "full session pool": RecordedRefusal(
        "XX000",
        "(EMAXCONNSESSION) max clients reached in session mode"
        " - max clients are limited to pool_size: 15",
    ),
    "full session pool, older": RecordedRefusal(
        "XX000",
        "MaxClientsInSessionMode: max clients reached"
        " - in Session mode max clients are limited to pool_size",
    ),
    "too many clients": RecordedRefusal(
        "XX000", "(EMAXCLIENTCONN) max client connections reached, limit: 200"
    ),
    "unknown project, older": RecordedRefusal("XX000", "Tenant or user not found"),
    "unknown project": RecordedRefusal("XX000", "(ENOTFOUND) tenant/user postgres.abc not found"),
    "pool timeout": RecordedRefusal(
        "XX000",
        "(ECHECKOUTTIMEOUT) Pool checkout timeout. Request was dropped after 60000ms in Session"
        " mode.",
    ),
    "server gone": RecordedRefusal(
        "XX000",
        "(EDBHANDLEREXITED) connection to database closed. Check logs for more information",
    ),
    "pooler restarts": RecordedRefusal(
        "57P01", "terminating connection due to administrator command"
    ),
    "wrong password": RecordedRefusal(
        "28P01", 'password authentication failed for user "postgres"'
    ),
    "too many wrong passwords": RecordedRefusal(
        "XX000", "(ECIRCUITBREAKER) too many authentication errors, new connections are blocked"
    ),
    "no TLS": RecordedRefusal(
        "XX000", "(ESSLREQUIRED) SSL connection is required for user: postgres"
    ),
}
OTHERS = {
    "full PgBouncer": RecordedRefusal("08P01", "no more connections allowed (max_client_conn)"),
    "PgBouncer waits for its server": RecordedRefusal("08P01", "query_wait_timeout"),
    "full PostgreSQL": RecordedRefusal("53300", "sorry, too many clients already"),
    "PostgreSQL starts": RecordedRefusal("57P03", "the database system is starting up"),
    "no such database": RecordedRefusal("3D000", 'database "postgres" does not exist'),
}
RECORDED = SUPAVISOR | OTHERS


@dataclass
class FakePooler:
    """The pooler's address, the refusals it makes, and counts of what it saw.

    `most` is how many clients connect before `refusal` is made, `interruption` the answer to the
    next query, after which it closes the connection; `reports_readiness`: the session seems to go
    on after that. `hangs_up`: it closes at the next query without an answer.
    """

    socket: str
    url: str = ""
    refusal: RecordedRefusal | None = None  # to whoever connects
    most: int | None = None  # how many clients come in before `refusal` is said
    interruption: RecordedRefusal | None = None  # to the next question, and then it hangs up
    reports_readiness: bool = False  # after the interruption, as if the session went on
    hangs_up: bool = False  # at the next question, without a word
    clients: int = 0
    max_clients: int = 0
    round_trips: int = 0
    startups: list[dict[str, str]] = field(default_factory=list)

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """Serve one client, from its first byte to its last."""
        counted = False
        try:
            startup = await self.startup(client, answer)
            if startup is None:
                return
            if self.refusal and (self.most is None or self.clients >= self.most):
                answer.write(bytes(self.refusal))
                return
            self.clients, counted = self.clients + 1, True
            self.max_clients = max(self.max_clients, self.clients)
            server, server_writer = await asyncio.open_unix_connection(self.socket)
            server_writer.write(startup)
            back = asyncio.create_task(self.pass_back(server, answer))
            try:
                await self.pass_on(client, server_writer, answer)
            finally:
                back.cancel()
                server_writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            if counted:
                self.clients -= 1
            with suppress(OSError):
                await answer.drain()
            answer.close()

    async def startup(
        self, client: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> bytes | None:
        """Read the message that opens a session; None for a request to cancel, passed on."""
        while True:
            head = await client.readexactly(8)
            length, code = struct.unpack("!II", head)
            body = await client.readexactly(length - 8)
            if code == SSL_REQUEST:
                answer.write(b"N")
                continue
            if code == CANCEL_REQUEST:
                _, server_writer = await asyncio.open_unix_connection(self.socket)
                server_writer.write(head + body)
                server_writer.close()
                return None
            names = body.decode().split("\0")
            self.startups.append(dict(zip(names[::2], names[1::2], strict=False)))
            return head + body

    async def pass_on(
        self,
        client: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
        answer: asyncio.StreamWriter,
    ) -> None:
        """Pass the client's messages on, one by one, until it interrupts or hangs up."""
        while True:
            head = await client.readexactly(5)
            body = await client.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            if head[:1] in b"QP" and (self.interruption or self.hangs_up):
                if self.interruption:
                    ready = b"Z\0\0\0\5I" if self.reports_readiness else b""
                    answer.write(bytes(self.interruption) + ready)
                return
            server_writer.write(head + body)

    async def pass_back(self, server: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """Pass the server's messages back; each ReadyForQuery ends a round trip."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await server.readexactly(5)
                answer.write(head + await server.readexactly(struct.unpack("!I", head[1:])[0] - 4))
                self.round_trips += head[:1] == b"Z"
        answer.close()


@asynccontextmanager
async def fake_pooler(database_url: str) -> AsyncIterator[FakePooler]:
    """Run a pooler before the database at `database_url` for the length of the block."""
    parts = urlsplit(database_url)
    pooler = FakePooler(parse_qs(parts.query)["host"][0] + "/.s.PGSQL.5432")
    listening = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    pooler.url = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
    try:
        yield pooler
    finally:
        listening.close()
