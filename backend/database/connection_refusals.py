"""Reasons why PostgreSQL or a pooler refuses a connection, and what to do about each.

PostgreSQL has an SQLSTATE for each reason. Poolers have one for all (Supavisor's XX000, PgBouncer's
08P01) and put the reason into the message:
https://github.com/supabase/supavisor/tree/main/lib/supavisor/errors and
https://www.pgbouncer.org/faq.html.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectionRefusal:
    """One reason: a pattern of SQLSTATEs and messages, whether it is transient, and what to do."""

    pattern: str
    is_transient: bool
    fix: str

    def matches(self, text: str) -> bool:
        """Return whether `text`, an SQLSTATE and a message, gives this reason."""
        return re.search(self.pattern, text, re.IGNORECASE) is not None


CONNECTION_REFUSALS = (
    ConnectionRefusal(
        r"all connections of this process are in use",
        is_transient=True,
        fix="More is asked at once than they can answer: look for slow queries, or raise"
        " SUPABASE_DB_POOL_SIZE as far as the pooler's limit allows.",
    ),
    ConnectionRefusal(
        r"^53300|EMAXCONN|EMAXCLIENT|MaxClients|max clients reached|max client connections"
        r"|no more connections allowed|remaining connection slots",
        is_transient=True,
        fix="All connections that the pooler or PostgreSQL allows are in use: end what else is"
        " connected, lower SUPABASE_DB_POOL_SIZE so that all processes together stay below its"
        " limit, or raise the limit (Supabase: Database, Connection pooling, Pool Size).",
    ),
    ConnectionRefusal(
        r"ENOTFOUND|tenant.*not found|no such user|ENOTENANT|no tenant identifier"
        r"|external_id or sni_hostname|^3D000|no such database",
        is_transient=False,
        fix="Copy the address again under Connect in Supabase: the pooler's host is of the"
        " project's region, its user is postgres.<project ref>. A paused project is not found.",
    ),
    ConnectionRefusal(
        r"ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT|network is unreachable"
        r"|no route to host|address family not supported|cannot assign requested address"
        r"|no address associated with hostname",
        is_transient=True,
        fix="There is no way from here to that host. The direct address of a Supabase project"
        " (db.<project ref>.supabase.co) is IPv6 only, unless the project has the IPv4 add-on: take"
        " the session pooler's address under Connect, which has IPv4.",
    ),
    ConnectionRefusal(
        r"^28|EWRONGPASSWORD|password authentication failed|SASL authentication failed"
        r"|ECIRCUITBREAKER|too many authentication",
        is_transient=False,
        fix="Copy the database's password again (Supabase: Database, Settings); special characters"
        " are written as %40 and the like. After many wrong ones a pooler lets nobody in for"
        " minutes.",
    ),
    ConnectionRefusal(
        r"ESSLREQUIRED|SSL connection is required|no encryption",
        is_transient=False,
        fix="Add ?sslmode=require to SUPABASE_DB_URL.",
    ),
    ConnectionRefusal(
        r"unsupported startup parameter",
        is_transient=False,
        fix="Let PgBouncer ignore it: ignore_startup_parameters = extra_float_digits.",
    ),
    ConnectionRefusal(
        r"name or service not known|nodename nor servname|name resolution|getaddrinfo",
        is_transient=True,
        fix="Nobody knows the host in SUPABASE_DB_URL. Copy the address again; in the password"
        " write @ as %40, / as %2F, # as %23 and ? as %3F, or the host begins too early. The direct"
        " address of a Supabase project is IPv6 only: take the session pooler's under Connect.",
    ),
    ConnectionRefusal(
        r"connect call failed|connection refused",
        is_transient=False,
        fix="Nothing listens at the host and port in SUPABASE_DB_URL: is the server up, and the"
        " port right (Supabase: 5432, or 6543 for the transaction pooler)?",
    ),
    ConnectionRefusal(
        r"^TimeoutError$|connection timed out|timeout expired",
        is_transient=False,
        fix="The host in SUPABASE_DB_URL does not answer: is it the right one, and does a firewall"
        " (Supabase: Database, Network Restrictions) let this machine in?",
    ),
    ConnectionRefusal(
        r"unrecognized configuration parameter",
        is_transient=False,
        fix="Take what other programs need out of the end of SUPABASE_DB_URL, such as"
        " ?pgbouncer=true.",
    ),
    ConnectionRefusal(
        r"^57P0[123]|EDBHANDLEREXITED|EPOOLTERMINATING|ECHECKOUT|checkout timeout|check out process"
        r"|query_wait_timeout|server login|server conn|connection to database closed"
        r"|DbHandler exited|db_termination|pgbouncer (is )?shut|database system is",
        is_transient=True,
        fix="The database restarts, or its pooler waits for it: try again in a minute, and look at"
        " the project's health if it stays so.",
    ),
)
UNKNOWN_REFUSAL = ConnectionRefusal(
    "", is_transient=False, fix="Is the address right, and the server up?"
)


def find_connection_refusal(sqlstate: str | None, sentence: str) -> ConnectionRefusal:
    """Find the reason for a refusal; UNKNOWN_REFUSAL where none matches."""
    text = f"{sqlstate or ''} {sentence}".lstrip()
    return next(
        (refusal for refusal in CONNECTION_REFUSALS if refusal.matches(text)), UNKNOWN_REFUSAL
    )
