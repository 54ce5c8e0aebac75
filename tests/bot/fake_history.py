"""The fake backend's doors about what has happened, with memory."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from aiohttp import web

from backend import schemas
from backend.schemas import Payment, Statement, Transaction
from tests.bot.fake_backend import NOON, actor, answer, error, euros
from tests.bot.fake_organizations import FakeOrganizations


def topups(*moments: str) -> list[Transaction]:
    """Ana's top-ups of EUR 50 at these moments, the oldest first."""
    return [
        Transaction.model_validate(
            {
                "kind": "topup",
                "money": euros(5000),
                "balance": euros(5000 * seq),
                "payment_id": uuid4(),
                "reference": "AB12",
                "paid_by": "Ana",
                "created_at": moment,
            }
        )
        for seq, moment in enumerate(moments, start=1)
    ]


@dataclass
class FakeHistory(FakeOrganizations):
    """`moved` in any wallet, and `statements` by (month, currency)."""

    moved: list[Transaction] = field(default_factory=list)
    listed: list[Payment] = field(default_factory=list)
    statements: dict[tuple[str, str], Statement] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_get("/api/payments", self.list_payments)
        app.router.add_get("/api/organizations/{organization}/transactions", self.transactions)
        app.router.add_get("/api/organizations/{organization}/statement", self.statement)
        return app

    async def transactions(self, request: web.Request) -> web.Response:
        if not self.theirs(request, UUID(request.match_info["organization"])):
            return error(404, "not_found", {"what": "organization"})
        cursor, limit = request.query.get("cursor", ""), int(request.query["limit"])
        seqs = range(1, len(self.moved) + 1)
        if cursor.startswith("n"):
            page = list(seqs)[int(cursor[1:]) :][:limit]
        else:
            page = [seq for seq in seqs if not cursor or seq < int(cursor[1:])][-limit:]
        return answer(
            schemas.Transactions(
                transactions=[self.moved[seq - 1] for seq in reversed(page)],
                next_cursor=f"o{page[0]}" if page and page[0] > 1 else None,
                previous_cursor=f"n{page[-1]}" if page and page[-1] < len(self.moved) else None,
            )
        )

    async def list_payments(self, request: web.Request) -> web.Response:
        if not self.theirs(request, UUID(request.query["organization_id"])):
            return error(404, "not_found", {"what": "organization"})
        found = [one for one in self.listed if one.status in request.query.getall("status")]
        cursor = f"o{found[-1].id.hex}" if found else None
        return answer(schemas.Payments(payments=found, next_cursor=cursor, previous_cursor=None))

    async def statement(self, request: web.Request) -> web.Response:
        asked = schemas.StatementQuery.model_validate(dict(request.query))
        made = self.statements.get((asked.month, asked.currency or ""))
        return answer(made or statement(asked.month, empty="before_first"))

    def theirs(self, request: web.Request, organization: UUID) -> bool:
        places = self.people.get(actor(request), [])
        return organization in [place.organization_id for place in places]


def statement(month: str, **changed: object) -> Statement:
    """A month in which EUR 50 came to EUR 10."""
    facts = {
        "organization_name": "Acme",
        "month": month,
        "opening": euros(1000),
        "closing": euros(6000),
        "movements": 1,
        "empty": None,
        "file_name": f"acme-{month}-eur.csv",
        "csv": f'\ufeffWhat,When\r\n"Top-up",{NOON.year}\r\n',
    }
    return Statement.model_validate(facts | changed)
