"""The local Stripe: its objects in the store, its faults, and the events that it posts."""

from copy import deepcopy

from aiohttp import web

from sandbox.refusals import Refusal
from sandbox.settings import SandboxSettings
from sandbox.store import Json, Store
from sandbox.stripe.api_versions import in_version
from sandbox.stripe.deliveries import Deliveries
from sandbox.stripe.faults import StripeFaults
from sandbox.stripe.hidden_state import HiddenState
from sandbox.stripe.objects import API_VERSION, new
from sandbox.stripe.scheduler import Scheduler

# What an event of these types is about, where that is not what its type begins with.
SUBJECTS = {
    "charge.dispute": "dispute",
    "charge.refund": "refund",
    "customer.subscription": "subscription",
}

# What errors call an object of these kinds, where that is not the kind.
NAMES = {"payment_method": "PaymentMethod", "setup_intent": "setupintent"}


class LocalStripe:
    """Reads and writes Stripe's objects; what changes them is in the module of their noun."""

    def __init__(self, store: Store, settings: SandboxSettings) -> None:
        """Take the store and the settings. Raises ValueError for a key that is not a test key."""
        if not settings.stripe_secret_key.startswith(("sk_test_", "rk_test_")):
            raise ValueError("the sandbox takes no Stripe key but sk_test_... or rk_test_...")
        self.store = store
        self.settings = settings
        self.faults = StripeFaults()
        self.scheduler = Scheduler()
        self.deliveries = Deliveries(store, settings, self.scheduler)

    def stored(self, kind: str, id: str) -> Json:
        """Return an object. Raises Refusal with Stripe's 404 where there is none."""
        stripe_object = self.store.get(kind, id)
        if stripe_object is None:
            raise _missing(404, kind, id, "id")
        return stripe_object

    def referenced(self, kind: str, id: str, parameter: str) -> Json:
        """Return the object that a parameter names. Raises Refusal (400) where there is none."""
        stripe_object = self.store.get(kind, id)
        if stripe_object is None:
            raise _missing(400, kind, id, parameter)
        return stripe_object

    def newest(self, kind: str, **fields: str) -> list[Json]:
        """Return the objects with these fields, newest first."""
        objects = [each for _, each in self.store.list(kind)]
        return [each for each in objects if fields.items() <= each.items()][::-1]

    def hidden_state(self, page: str) -> HiddenState:
        """Return the hidden state of the session or intent with this id."""
        return HiddenState.model_validate(self.stored("hidden_state", page))

    def keep_hidden(self, hidden: HiddenState) -> None:
        """Store the hidden state of a session or intent."""
        self.store.put("hidden_state", hidden.page, hidden.model_dump(mode="json"))

    def keep(self, *objects: Json) -> None:
        """Store objects without an event."""
        for each in objects:
            self.store.put(each["object"], each["id"], each)

    def emit(self, types: list[str], *objects: Json) -> None:
        """Store the objects of one act, and post the events of these types about them, in order.

        Types whose subject is not among the objects are left out.
        """
        self.keep(*objects)
        by_kind = {each["object"]: each for each in objects}
        subjects = [(type, by_kind.get(subject_of(type))) for type in types]
        events = [self._event(type, subject) for type, subject in subjects if subject is not None]
        self.keep(*events)
        self.deliveries.post(events, self.faults)

    def _event(self, type: str, subject: Json) -> Json:
        """Make an event about an object as it is now, as the faults in force have it."""
        account = {"account": self.faults.account} if self.faults.account else {}
        version = self.faults.api_version or API_VERSION
        snapshot = deepcopy(in_version(self.store, subject, version))
        data = {"object": snapshot}
        return new("event", type=type, api_version=version, data=data, **account)

    def changed(self, stripe_object: Json, event_type: str) -> Json:
        """Store an object, post the event of its change, and return it."""
        self.emit([event_type], stripe_object)
        return stripe_object


def _missing(status: int, kind: str, id: str, parameter: str) -> Refusal:
    message = f"No such {NAMES.get(kind, kind)}: '{id}'"
    return Refusal(status, message, code="resource_missing", param=parameter)


def subject_of(event_type: str) -> str:
    """Return the kind of object that events of this type are about: a dispute, an invoice, ..."""
    begins = event_type.rpartition(".")[0]
    return SUBJECTS.get(begins, begins)


LOCAL_STRIPE = web.AppKey("local_stripe", LocalStripe)
