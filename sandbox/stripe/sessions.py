"""The local Stripe at work: one way to move a session, driven by the table of transitions."""

import time
from collections.abc import AsyncIterator
from copy import deepcopy
from functools import partial

from aiohttp import ClientSession, ClientTimeout, web

from sandbox.doors import Refusal
from sandbox.settings import SandboxSettings
from sandbox.store import Json, Store
from sandbox.stripe.agenda import Agenda
from sandbox.stripe.balance import Books
from sandbox.stripe.deliveries import Deliveries
from sandbox.stripe.objects import METHODS, TEMPLATES, TRANSITIONS, filled, made, new, new_id
from sandbox.stripe.versions import rendered

PATIENCE = ClientTimeout(total=10)  # for the backend to answer an event


class LocalStripe:
    """Sessions, intents, charges and events in the store; deliveries on their way.

    Beside each session stands its `backstage`, which Stripe never shows: `items` for the page,
    `intent` (what the payment intent will carry) and `due` (what time will do to the session: `at`,
    `step`, `card`).
    """

    def __init__(self, store: Store, settings: SandboxSettings) -> None:
        """Raise ValueError beside a key that could be a live one."""
        if not settings.stripe_secret_key.startswith(("sk_test_", "rk_test_")):
            raise ValueError("the sandbox takes no Stripe key but sk_test_... or rk_test_...")
        self.store = store
        self.settings = settings
        self.agenda = Agenda()
        self.deliveries = Deliveries(store, settings, self.agenda)
        self.faults = self.deliveries.faults
        self.books = Books(store, self.faults)

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """From start to cleanup: put on the agenda what an earlier run left open."""
        async with ClientSession(timeout=PATIENCE) as http:
            self.deliveries.open(http)
            for _seq, backstage in self.store.list("backstage"):
                if backstage["due"]:
                    self.expect(backstage)
            yield
            await self.agenda.close()

    def stored(self, kind: str, id: str) -> Json:
        """The object as it is now, or Stripe's 404."""
        thing = self.store.get(kind, id)
        if thing is None:
            raise Refusal(404, f"No such {kind}: '{id}'", code="resource_missing")
        return thing

    def newest(self, kind: str, **of: str) -> list[Json]:
        """The objects with these fields, newest first."""
        return [thing for _, thing in self.store.list(kind) if of.items() <= thing.items()][::-1]

    def expect(self, backstage: Json, **due: object) -> None:
        """Put on the agenda what time will do to a session: what it was, or something else."""
        backstage["due"] |= due
        self.store.put("backstage", backstage["session"], backstage)
        self.agenda.at(backstage["due"]["at"], partial(self._in_time, backstage))

    def pay(self, id: str, card: str, authenticate: bool | None = None) -> Json:
        """Try to pay a session or an intent, as the page with it does; answers what it was."""
        method, step = self.tried(card, authenticate)
        paid = self.move(self.payable(id), step, card)
        if "then" in method:
            at = time.time() + self.faults.delay
            self.expect(self.backstage(id), at=at, step=method["then"], card=card)
        return paid

    def tried(self, card: str, authenticate: bool | None) -> tuple[Json, str]:
        """The test method with this number, and the step that trying it causes."""
        method = METHODS.get(card)
        if method is None:
            raise Refusal(400, "Only Stripe's published test numbers work here.")
        answer = {None: "", True: "yes", False: "no"}[authenticate]
        return method, method.get("answered", {}).get(answer, method["step"])

    def payable(self, id: str) -> Json:
        """The session, or the intent that has none, as it is now."""
        kind = "payment_intent" if id[:3] == "pi_" else "checkout.session"
        return self.stored(kind, id)

    def intent_of(self, payable: Json) -> Json | None:
        """Find the payment intent; a session has none until somebody tried to pay."""
        if payable["object"] == "payment_intent":
            return payable
        paying = self.backstage(payable["id"]).get("paying")
        return self.store.get("payment_intent", payable["payment_intent"] or paying or "")

    def backstage(self, id: str) -> Json:
        """What stands beside the session or the intent with this id."""
        return self.stored("backstage", id)

    def tell(self, types: list[str], *about: Json) -> None:
        """Store the objects of one act, and post the events of these types that tell of them.

        A type begins with what it tells of: `charge.dispute.closed` with a kind of dispute.
        """
        kinds = {thing["object"]: thing for thing in about}
        named = [(t, kinds[k]) for t in types for k in kinds if t.rpartition(".")[0].endswith(k)]
        for thing in about:
            self.store.put(thing["object"], thing["id"], thing)
        events = [self.event(type, thing) for type, thing in named]
        for event in events:
            self.store.put("event", event["id"], event)
        self.deliveries.post(events)

    def event(self, type: str, thing: Json) -> Json:
        """An event about an object as it is now, as the faults in force have it."""
        faults = self.faults
        whose = {"account": faults.account} if faults.account else {}
        version = faults.api_version or TEMPLATES["event"]["api_version"]
        snapshot = deepcopy(rendered(self.store, thing, version))
        return new("event", type=type, api_version=version, data={"object": snapshot}, **whose)

    def changed(self, thing: Json, what: str) -> Json:
        """Keep an object as it is now, and tell what became of it."""
        self.tell([f"{thing['object']}.{what}"], thing)
        return thing

    async def _in_time(self, backstage: Json) -> None:
        """Do what was on the agenda, unless the session went another way meanwhile."""
        if self.store.get("backstage", backstage["session"]) is None:
            return  # of another account
        payable, due = self.payable(backstage["session"]), backstage["due"]
        if allows(due["step"], payable, self.intent_of(payable)):
            self.move(payable, due["step"], due["card"])

    def move(self, payable: Json, step: str, card: str | None = None) -> Json:
        """Carry out one transition: change the objects, store them, post the events."""
        intent, backstage = self.intent_of(payable), self.backstage(payable["id"])
        if not allows(step, payable, intent):
            kind = "session" if payable is not intent else "intent"
            raise Refusal(409, f"This {kind} is {payable['status']}.", code=f"{kind}_closed")
        changes = TRANSITIONS[step]["changes"]
        if intent is None and card:
            money = {"amount": payable["amount_total"], "currency": payable["currency"]}
            money |= {"customer": payable["customer"], **backstage["intent"]}
            intent = self.changed(new("payment_intent", **money), "created")
        things = {payable["object"]: payable}
        error = METHODS.get(card or "", {}).get("error", {})
        if intent is not None:
            things["payment_intent"] = intent
        if intent is not None and "charge" in changes:
            things["charge"] = charge = self.charge_of(intent)
            error = {**error, "charge": charge["id"]}
        facts = {**TEMPLATES, **things, "error": error, "null": None, "now": int(time.time())}
        facts["next_action"] = backstage.get("next_action", TEMPLATES["in_the_page"])
        facts["page"] = f"{self.settings.url}/pay/{payable['id']}"
        for kind, thing in things.items():
            thing.update(filled(changes.get(kind, {}), facts))
        self.tell(TRANSITIONS[step]["events"], *things.values())
        if "charge" in things:
            self.books.charged(things["charge"])
        return payable

    def charge_of(self, intent: Json) -> Json:
        """The charge that is pending, or a new one."""
        if intent["status"] == "processing":
            return self.stored("charge", intent["latest_charge"])
        method = intent["payment_method"] or new_id("pm_1")
        charge = made("charge", {**intent, "intent": intent["id"], "payment_method": method})
        shown = {k: it for k, it in intent.items() if k == "presentment_details"}
        return charge | shown


def allows(step: str, payable: Json, intent: Json | None) -> bool:
    """Whether the transition starts from where the session, if there is one, and its intent are."""
    status = intent["status"] if intent else ""
    transition = TRANSITIONS[step]
    fits = payable is intent or payable["status"] == transition.get("session")
    return bool(fits and status in transition["intent"])


LOCAL_STRIPE = web.AppKey("local_stripe", LocalStripe)
