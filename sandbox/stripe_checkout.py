"""The local Stripe at work: one way to move a session, driven by the table of transitions."""

import time
from collections.abc import AsyncIterator
from copy import deepcopy
from functools import partial

from aiohttp import web

from sandbox.settings import SandboxSettings
from sandbox.store import Json, Store
from sandbox.stripe_agenda import Agenda
from sandbox.stripe_deliveries import Deliveries
from sandbox.stripe_errors import StripeRefusal, no_such
from sandbox.stripe_objects import METHODS, TEMPLATES, TRANSITIONS, new, new_id

API_VERSION = "2026-10-28.endive"  # what the pinned SDK speaks
NOBODY_ASKED: Json = {"id": None, "idempotency_key": None}


class LocalStripe:
    """Sessions, intents, charges and events in the store; deliveries on their way.

    Beside each session stands its `backstage`, which Stripe never shows: `line_items`, `intent`
    (what the payment intent will carry), `api_version`, and `settle` (`at`, `card`) of a delayed
    payment.
    """

    def __init__(self, store: Store, settings: SandboxSettings) -> None:
        """Raise ValueError beside a key that could be a live one."""
        if not settings.stripe_secret_key.startswith(("sk_test_", "rk_test_")):
            raise ValueError("the sandbox takes no Stripe key but sk_test_... or rk_test_...")
        self.store = store
        self.settings = settings
        self.agenda = Agenda()
        self.deliveries = Deliveries(store, settings, self.agenda)

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """From start to cleanup: put on the agenda what an earlier run left open."""
        await self.deliveries.open()
        for _seq, session in self.store.list("checkout.session"):
            self.expect(session)
        yield
        await self.agenda.close()
        await self.deliveries.close()

    def expect(self, session: Json) -> None:
        """Put what time will do to a session on the agenda: expire it, or settle its payment."""
        settle = self._backstage(session).get("settle")
        due = {"open": (session["expires_at"], "expire", None)}
        if settle:
            due["complete"] = (settle["at"], METHODS[settle["card"]]["then"], settle["card"])
        if session["status"] in due:
            at, step, card = due[session["status"]]
            self.agenda.at(at, partial(self._in_time, session["id"], step, card))

    def session(self, id: str) -> Json:
        """The session as it is now: when its time is up, reading it expires it."""
        session = self.store.get("checkout.session", id)
        if session is None:
            raise no_such("checkout.session", id, "session")
        if session["status"] == "open" and session["expires_at"] <= time.time():
            return self._move(session, "expire")
        return session

    def pay(self, id: str, card: str, authenticate: bool | None = None) -> Json:
        """Try to pay, as the hosted page does; answers the session."""
        number = card.replace(" ", "")
        if number not in METHODS:
            message = "Only Stripe's published test numbers work here."
            raise StripeRefusal(400, message, "test_number_unknown", "card")
        method, answer = METHODS[number], {None: "", True: "yes", False: "no"}[authenticate]
        step = method.get("answered", {}).get(answer, method["step"])
        session = self._move(self.session(id), step, number)
        if "then" in method:
            settle = {"at": time.time() + self.deliveries.faults.delay, "card": number}
            self.store.put("backstage", id, {**self._backstage(session), "settle": settle})
            self.expect(session)
        return session

    def settle(self, id: str) -> Json:
        """Settle a delayed payment now instead of later; answers the session."""
        session = self.session(id)
        settle = self._backstage(session).get("settle")
        if not settle:
            raise StripeRefusal(409, "No delayed payment was made on this session.")
        return self._move(session, METHODS[settle["card"]]["then"], settle["card"])

    def expire(self, id: str, cause: Json = NOBODY_ASKED) -> Json:
        """Expire an open session, by request or because its time is up; answers it."""
        return self._move(self.session(id), "expire", cause=cause)

    def intent_of(self, session: Json) -> Json | None:
        """Find the session's payment intent; there is none until somebody tried to pay."""
        id = session["payment_intent"]
        return self.store.get("payment_intent", id) if id else None

    def tell(self, types: list[str], about: dict[str, Json], version: str, cause: Json) -> None:
        """Make the events of one act and post them; `about` has the objects by their kind."""
        events = []
        for type in types:
            thing = about.get(type.rpartition(".")[0])
            if thing is not None:
                data = {"object": deepcopy(thing)}
                event = new("event", type=type, api_version=version, data=data, request=cause)
                self.store.put("event", event["id"], event)
                events.append(event)
        self.deliveries.post(events)

    def _backstage(self, session: Json) -> Json:
        return self.store.get("backstage", session["id"]) or {}

    async def _in_time(self, id: str, step: str, card: str | None) -> None:
        """Do what was on the agenda, unless the session went another way meanwhile."""
        session = self.store.get("checkout.session", id)
        if session is not None and allows(step, session, self.intent_of(session)):
            self._move(session, step, card)

    def _move(
        self, session: Json, step: str, card: str | None = None, cause: Json = NOBODY_ASKED
    ) -> Json:
        """Carry out one transition: change the objects, store them, post the events."""
        intent, backstage = self.intent_of(session), self._backstage(session)
        if not allows(step, session, intent):
            raise StripeRefusal(409, f"This session is {session['status']}.", "session_closed")
        method, changes = METHODS.get(card or "", {}), TRANSITIONS[step]["changes"]
        version = backstage["api_version"]
        if intent is None and method:
            amount, currency = session["amount_total"], session["currency"]
            intent = new("payment_intent", amount=amount, currency=currency, **backstage["intent"])
            self.tell(["payment_intent.created"], {"payment_intent": intent}, version, cause)
        things = {"checkout.session": session}
        if intent is not None:
            things["payment_intent"] = intent
        if intent is not None and "charge" in changes:
            things["charge"] = self._pending_charge(intent) or new_charge(intent, method)
        facts = facts_of(things, method)
        for kind, thing in things.items():
            thing.update(filled(changes.get(kind, {}), facts))
            self.store.put(kind, thing["id"], thing)
        self.tell(TRANSITIONS[step]["events"], things, version, cause)
        return session

    def _pending_charge(self, intent: Json) -> Json | None:
        charge = self.store.get("charge", intent["latest_charge"] or "")
        return charge if charge and charge["status"] == "pending" else None


def allows(step: str, session: Json, intent: Json | None) -> bool:
    """Whether the transition starts from where the session and its intent are."""
    status = intent["status"] if intent else ""
    transition = TRANSITIONS[step]
    return bool(session["status"] == transition["session"] and status in transition["intent"])


def facts_of(things: dict[str, Json], method: Json) -> Json:
    """What the "$names" in a transition's changes stand for."""
    charge, error = things.get("charge", {}), method.get("error", {})
    of_charge = {"charge": charge["id"]} if charge else {}
    return {
        **{name: deepcopy(TEMPLATES[name]) for name in ("nobody", "authorized", "refused")},
        "null": None,
        "now": int(time.time()),
        "amount": things["checkout.session"]["amount_total"],
        "intent": things.get("payment_intent", {}).get("id"),
        "charge": charge.get("id"),
        "payment_method": charge.get("payment_method"),
        "error": {**error, **of_charge},
        "code": error.get("code"),
        "message": error.get("message"),
    }


def filled(changes: Json, facts: Json) -> Json:
    """The changes with their "$names" replaced."""
    return {
        name: facts[value[1:]] if isinstance(value, str) and value.startswith("$") else value
        for name, value in changes.items()
    }


def new_charge(intent: Json, method: Json) -> Json:
    """Make the charge of one try."""
    type = method["type"]
    return new(
        "charge",
        **{name: intent[name] for name in ("amount", "currency", "description", "metadata")},
        payment_intent=intent["id"],
        payment_method=new_id("payment_method"),
        payment_method_details={"type": type, type: {**TEMPLATES[type], "last4": method["last4"]}},
    )


LOCAL_STRIPE = web.AppKey("local_stripe", LocalStripe)
