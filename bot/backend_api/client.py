"""The backend over HTTP: each of its doors for people is one line here."""

from typing import Final

from backend import schemas
from bot.backend_api.calls import ANSWER_SECONDS, BackendCalls, Done, Door, at_most, read

ORGANIZATION: Final = "/api/organizations/{}"
MEMBER: Final = ORGANIZATION + "/members/{}"
SUBSCRIPTIONS: Final = "/api/payments/subscriptions"
METHODS: Final = "/api/payments/methods"
GROUP: Final = "/api/groups/{}"


class BackendClient(BackendCalls):
    """Speaks for a Telegram user or, where there is none, for the bot itself.

    Every door raises BackendRefusal or BackendUnavailable. All but those that claim are tried
    again when the connection fails: they are reads, or name a value, a key or a claim that acts
    once.
    """

    # Make a Telegram user known (Introduction), and learn which organizations are theirs.
    introduce = Door("PUT", "/api/me", schemas.Me)
    # What a person chose for themselves; and change what a SettingsChange names.
    settings = Door("GET", "/api/me/settings", schemas.PersonalSettings)
    change_settings = Door("PATCH", "/api/me/settings", schemas.PersonalSettings)
    # Start a payment (CheckoutRequest, key), once, however often it is asked.
    # What the person began under a key (AttemptKey): after a tap of which nobody knows more.
    attempt = Door("GET", "/api/me/attempt", schemas.Attempt)
    checkout = Door("POST", "/api/payments/checkout", schemas.Checkout)
    # Charge a saved card (ChargeRequest, key), once as well.
    charge = Door("POST", "/api/payments/charge", schemas.Payment)
    # A payment as it stands; as it stands after asking Stripe; its page closed unless it was paid.
    payment = Door("GET", "/api/payments/{}", schemas.Payment)
    check = Door("POST", "/api/payments/{}/check", schemas.Payment)
    cancel = Door("POST", "/api/payments/{}/cancel", schemas.Payment)
    # Send money of a payment back (RefundRequest, key), once, however often it is asked.
    refund = Door("POST", "/api/payments/{}/refund", schemas.Refund)
    # What an organization (WhichOrganization) has saved to pay with; more, at once or by a link
    # (NewMethod); what came of the link, after asking Stripe.
    methods = Door("GET", METHODS, schemas.PaymentMethods)
    add_method = Door("POST", METHODS, schemas.AddedMethod)
    check_method_link = Door("POST", METHODS + "/links/{}/check", schemas.MethodLink)
    # Another label (MethodChange), the default one, removed; Stripe's own page (WhichOrganization).
    change_method = Door("PUT", METHODS + "/{}", schemas.PaymentMethod)
    set_default_method = Door("POST", METHODS + "/{}/set-default", schemas.PaymentMethod)
    remove_method = Door("DELETE", METHODS + "/{}", Done)
    portal = Door("POST", "/api/payments/portal", schemas.Portal)
    # What was paid, with Stripe's invoices and receipts.
    invoices = Door("GET", "/api/payments/invoices", schemas.Invoices)
    # Recurring top-ups: what is offered, those that are, a new one (SubscriptionRequest, key), one
    # as it stands, as it stands after asking Stripe, changed (SubscriptionChange), and ended.
    packages = Door("GET", "/api/payments/packages", schemas.Packages)
    subscriptions = Door("GET", SUBSCRIPTIONS, schemas.Subscriptions)
    subscribe = Door("POST", SUBSCRIPTIONS, schemas.Subscription)
    subscription = Door("GET", SUBSCRIPTIONS + "/{}", schemas.Subscription)
    check_subscription = Door("POST", SUBSCRIPTIONS + "/{}/check", schemas.Subscription)
    change_subscription = Door("PATCH", SUBSCRIPTIONS + "/{}", schemas.Subscription)
    end_subscription = Door("DELETE", SUBSCRIPTIONS + "/{}", schemas.Subscription)
    # A group as this person may know it, tied (WhichOrganization), and allowed more or less.
    group = Door("GET", GROUP, schemas.Group)
    tie_group = Door("PUT", GROUP, schemas.Group)
    allow_group = Door("PATCH", GROUP, schemas.Group)
    # What everybody in the group may see, if an owner allowed it.
    group_balance = Door("GET", GROUP + "/balance", schemas.GroupBalance)
    # Make an organization the one that is meant when nobody says which (WhichOrganization).
    use_organization = Door("PUT", "/api/me/organization", Done)
    # Found an organization (OrganizationRequest, key), which becomes the current one.
    create_organization = Door("POST", "/api/organizations", Done)
    # Give an organization another name (OrganizationRequest).
    rename_organization = Door("PATCH", ORGANIZATION, Done)
    # Who belongs to an organization; another role for one of them (RoleRequest); out with one.
    members = Door("GET", ORGANIZATION + "/members", schemas.Members)
    change_role = Door("PATCH", MEMBER, Done)
    remove_member = Door("DELETE", MEMBER, Done)
    # A new invitation and its code. Of a lost answer, one stays whose code nobody knows.
    invite = Door("POST", ORGANIZATION + "/invitations", schemas.Invitation)
    # Make an invitation work for nobody any more.
    revoke = Door("DELETE", ORGANIZATION + "/invitations/{}", Done)
    # Get into an organization by an invitation's code (CodeRequest); again is harmless.
    accept = Door("POST", "/api/invitations/accept", schemas.Organization)
    # Be the same person as the Supabase user who made the code (CodeRequest); it works once.
    link = Door("POST", "/api/me/link/accept", schemas.Me)
    # A page of a wallet's movements, a page of an organization's payments, a month of a wallet.
    transactions = Door("GET", ORGANIZATION + "/transactions", schemas.Transactions)
    payments = Door("GET", "/api/payments", schemas.Payments)
    statement = Door("GET", ORGANIZATION + "/statement", schemas.Statement)

    async def hear_of_group(self, chat_id: int, news: schemas.GroupNews) -> schemas.Group:
        """What Telegram says of a group."""
        answer = await self.call(None, "POST", f"/internal/groups/{chat_id}", news)
        return read(schemas.Group, answer)

    async def claim(self, wait: int) -> schemas.ClaimedNotifications:
        """Notifications to deliver now; waits up to `wait` seconds for the first."""
        path = f"/internal/notifications/claim?wait={wait}"
        async with at_most(wait + ANSWER_SECONDS):
            return read(schemas.ClaimedNotifications, await self.once(None, "POST", path))

    async def claim_updates(self, wait: int, takeover: bool = False) -> list[schemas.ClaimedUpdate]:
        """In webhook mode: updates to handle now; waits up to `wait` seconds for the first.

        `takeover` also takes what another bot, which is gone, had claimed.
        """
        path = f"/internal/updates/claim?wait={wait}&takeover={'true' if takeover else 'false'}"
        async with at_most(wait + ANSWER_SECONDS):
            return read(schemas.ClaimedUpdates, await self.once(None, "POST", path)).updates

    async def handled(self, update: schemas.ClaimedUpdate) -> None:
        """A claimed update needs no more."""
        path = f"/internal/updates/{update.id}/handled"
        await self.call(None, "POST", path, schemas.UpdateHandled(claim=update.claim))

    async def reject_update(self, update_id: int, kind: str) -> None:
        """An update cannot be read: it is recorded and counted, and not handed out any more."""
        path = f"/internal/updates/{update_id}/rejected"
        await self.call(None, "POST", path, schemas.UpdateRejected(kind=kind))

    async def report(self, notification_id: int, result: schemas.NotificationResult) -> None:
        """What became of a claimed notification."""
        await self.call(None, "POST", f"/internal/notifications/{notification_id}/result", result)
