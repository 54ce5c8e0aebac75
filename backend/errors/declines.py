"""Why a payment method was declined, in words for whoever presents it.

https://docs.stripe.com/declines/codes. Stripe asks to tell no payer that a card is thought to be
stolen, lost or misused: those codes, and any that says nothing, have the general sentence.
"""

from typing import Final

NO_REASON: Final = "The card was declined. Ask the bank why, or use another one."

ADDRESS = "The card was declined: the address or postal code does not match. Enter it again."
AGAIN = "The card could not be checked just now. Try again in a minute."
CONFIRM = (
    'The bank wants the holder to confirm this: ask for a link ("link": true), and add the card on'
    " Stripe's page."
)
EXPIRY = "The card was declined: its expiry date is wrong. Enter it again, or use another card."
LIMIT = "The card was declined: its limit is reached. Try again tomorrow, or use another card."
NUMBER = "The card was declined: its number is wrong. Enter it again."
SECURITY_CODE = "The card was declined: its security code is wrong. Enter it again."
UNSUPPORTED = "The card was declined: it does not support this kind of payment. Use another one."
WRONG_ACCOUNT = "The bank does not accept this account or card any more. Use another one."
WRONG_MODE = "A test card works in test mode only, and a real one in live mode only."

DECLINE_SENTENCES: Final = {
    "authentication_required": CONFIRM,
    "card_not_supported": UNSUPPORTED,
    "card_velocity_exceeded": LIMIT,
    "currency_not_supported": UNSUPPORTED,
    "expired_card": "The card was declined: it has expired. Use another one.",
    "incorrect_address": ADDRESS,
    "incorrect_cvc": SECURITY_CODE,
    "incorrect_number": NUMBER,
    "incorrect_zip": ADDRESS,
    "insufficient_funds": "The card was declined: there is not enough money. Use another one.",
    "invalid_account": WRONG_ACCOUNT,
    "invalid_cvc": SECURITY_CODE,
    "invalid_expiry_month": EXPIRY,
    "invalid_expiry_year": EXPIRY,
    "invalid_number": NUMBER,
    "issuer_not_available": AGAIN,
    "live_mode_test_card": WRONG_MODE,
    "new_account_information_available": WRONG_ACCOUNT,
    "payment_method_provider_decline": "The bank refused this. Ask it why, or use another one.",
    "processing_error": AGAIN,
    "reenter_transaction": AGAIN,
    "setup_intent_authentication_failure": CONFIRM,
    "test_mode_live_card": WRONG_MODE,
    "testmode_decline": WRONG_MODE,
    "try_again_later": AGAIN,
    "withdrawal_count_limit_exceeded": LIMIT,
}
