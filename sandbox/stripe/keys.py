"""What a restricted key must be allowed for each call: docs.stripe.com/keys/restricted-api-keys.

The local key may do everything, but for what the fault `lacks` names: `product_write`, or
`product_read`, without which there is no writing either.
"""

from sandbox.doors import Refusal

DASHBOARD = "https://dashboard.stripe.com"
# By what an address begins with; a GET needs to read, all else to write.
RESOURCES = {
    "/v1/checkout/sessions": ("checkout_session", "Checkout Sessions"),
    "/v1/payment_intents": ("payment_intent", "Payment Intents"),
    "/v1/payment_methods": ("payment_method", "Payment Methods"),
    "/v1/customers/{id}/payment_methods": ("payment_method", "Payment Methods"),
    "/v1/customers": ("customer", "Customers"),
    "/v1/billing_portal": ("customer_portal", "Customer Portal"),
    "/v1/products": ("product", "Products"),
    "/v1/prices": ("plan", "Prices"),
    "/v1/subscriptions": ("subscription", "Subscriptions"),
    "/v1/refunds": ("charge", "Charges and Refunds"),
    "/v1/charges": ("charge", "Charges and Refunds"),
    "/v1/setup_intents": ("setup_intent", "Setup Intents"),
    "/v1/invoices": ("invoice", "Invoices"),
    "/v1/events": ("event", "Events"),
    "/v1/webhook_endpoints": ("webhook", "Webhook Endpoints"),
    "/v1/disputes": ("dispute", "Disputes"),
    "/v1/account": ("account", "Accounts"),
    "/v1/balance_transactions": ("balance_transaction_source", "Balance Transaction Sources"),
}
# What a call needs beside that, by what its form or query names.
BESIDE = {
    "[price_data]": ("plan", "Prices", "write"),
    "payment_intent_data": ("payment_intent", "Payment Intents", "write"),
    "=setup_intent": ("setup_intent", "Setup Intents", "read"),
    "=payment_intent": ("payment_intent", "Payment Intents", "read"),
    "=latest_charge": ("charge", "Charges and Refunds", "read"),
    "=latest_invoice": ("invoice", "Invoices", "read"),
}


def check_permission(lacks: list[str], key: str, method: str, path: str, form: str) -> None:
    """Refuse a call as Stripe does where the key lacks what it needs."""
    longest = max((each for each in RESOURCES if path.startswith(each)), key=len, default=None)
    if longest is None or not lacks:
        return
    needed = [(*RESOURCES[longest], "read" if method == "GET" else "write")]
    needed += [need for part, need in BESIDE.items() if part in form]
    for name, row, level in needed:
        levels = ("read",) if level == "read" else ("read", "write")
        if any(f"{name}_{each}" in lacks for each in levels):
            raise Refusal(
                403,
                f"Permission denied. The provided key '{key[:8]}{'*' * 12}{key[-4:]}' does not have"
                " the required permissions for this endpoint on account 'acct_sandbox'. Enabling"
                f" \"{row} {level.title()}\" ('{name}_{level}') permissions on this key would allow"
                f" this request to continue. You can edit permissions at {DASHBOARD}/apikeys",
                code="more_permissions_required",
                doc_url="https://stripe.com/docs/error-codes/more-permissions-required",
            )
