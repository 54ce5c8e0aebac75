"""Currencies of the local Stripe: units, limits, exchange rates and fees.

Amounts are integers in the charge unit of their currency, as everywhere in Stripe's API.
"""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.refusals import Refusal, not_modelled
from sandbox.store import Json


@dataclass(frozen=True)
class Currency:
    """A currency's digits and limits, in its charge unit (https://docs.stripe.com/currencies).

    `digits` are those after the decimal point; a total must be a multiple of `step`, and from
    `minimum` to `maximum`.
    """

    digits: int
    step: int
    minimum: int
    maximum: int


CURRENCIES = {
    "eur": Currency(digits=2, step=1, minimum=50, maximum=99_999_999),
    "usd": Currency(digits=2, step=1, minimum=50, maximum=99_999_999),
    "gbp": Currency(digits=2, step=1, minimum=30, maximum=99_999_999),
    "chf": Currency(digits=2, step=1, minimum=50, maximum=99_999_999),
    "czk": Currency(digits=2, step=1, minimum=1_500, maximum=99_999_999),
    "dkk": Currency(digits=2, step=1, minimum=250, maximum=99_999_999),
    "huf": Currency(digits=2, step=1, minimum=17_500, maximum=99_999_999),
    "nok": Currency(digits=2, step=1, minimum=300, maximum=99_999_999),
    "pln": Currency(digits=2, step=1, minimum=200, maximum=99_999_999),
    "sek": Currency(digits=2, step=1, minimum=300, maximum=99_999_999),
    "twd": Currency(digits=2, step=1, minimum=2_000, maximum=99_999_999),
    "isk": Currency(digits=2, step=100, minimum=10_000, maximum=99_999_900),
    "ugx": Currency(digits=2, step=100, minimum=300_000, maximum=99_999_900),
    "jpy": Currency(digits=0, step=1, minimum=50, maximum=99_999_999),
    "krw": Currency(digits=0, step=1, minimum=1_000, maximum=99_999_999),
    "bhd": Currency(digits=3, step=10, minimum=250, maximum=99_999_990),
    "jod": Currency(digits=3, step=10, minimum=500, maximum=99_999_990),
    "kwd": Currency(digits=3, step=10, minimum=250, maximum=99_999_990),
    "omr": Currency(digits=3, step=10, minimum=250, maximum=99_999_990),
    "tnd": Currency(digits=3, step=10, minimum=2_000, maximum=99_999_990),
}

TOTAL_DUE = "The Checkout Session's total amount due must"  # begins the refusals of a page's total
SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥"}

# All presentment currencies of Stripe's (https://docs.stripe.com/currencies).
STRIPE_CURRENCIES = (
    "usd", "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd",
    "bdt", "bgn", "bhd", "bif", "bmd", "bnd", "bob", "brl", "bsd", "bwp", "byn", "bzd", "cad",
    "cdf", "chf", "clp", "cny", "cop", "crc", "cve", "czk", "djf", "dkk", "dop", "dzd", "egp",
    "etb", "eur", "fjd", "fkp", "gbp", "gel", "gip", "gmd", "gnf", "gtq", "gyd", "hkd", "hnl",
    "hrk", "htg", "huf", "idr", "ils", "inr", "isk", "jmd", "jod", "jpy", "kes", "kgs", "khr",
    "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad", "mdl", "mga",
    "mkd", "mmk", "mnt", "mop", "mro", "mur", "mvr", "mwk", "mxn", "myr", "mzn", "nad", "ngn",
    "nio", "nok", "npr", "nzd", "omr", "pab", "pen", "pgk", "php", "pkr", "pln", "pyg", "qar",
    "ron", "rsd", "rub", "rwf", "sar", "sbd", "scr", "sek", "sgd", "shp", "sle", "sos", "srd",
    "std", "szl", "thb", "tjs", "tnd", "top", "try", "ttd", "twd", "tzs", "uah", "ugx", "uyu",
    "uzs", "vnd", "vuv", "wst", "xaf", "xcd", "xof", "xpf", "yer", "zar", "zmw",
)  # fmt: skip

# What one whole unit of each is worth in euros: roughly, and the same every day unless a test says
# otherwise (POST /stripe/faults {"rates": {"usd": 0.9}}).
RATES = {
    "eur": 1.0,
    "usd": 0.92,
    "gbp": 1.17,
    "chf": 1.05,
    "czk": 0.04,
    "dkk": 0.134,
    "huf": 0.0025,
    "nok": 0.086,
    "pln": 0.23,
    "sek": 0.087,
    "twd": 0.028,
    "isk": 0.0067,
    "ugx": 0.00025,
    "jpy": 0.006,
    "krw": 0.00067,
    "bhd": 2.44,
    "jod": 1.3,
    "kwd": 3.0,
    "omr": 2.39,
    "tnd": 0.3,
}

# What Stripe keeps, in whole units of the currency in which the account is paid out
# (https://stripe.com/pricing, https://docs.stripe.com/disputes).
CHARGE_FEE_PERCENT = 1.5
CHARGE_FEE = 0.25
DISPUTE_FEE = 15.0


def check_currency(currency: str, parameter: str = "currency") -> None:
    """Raise Refusal for a currency that is not in the table: 501, or 400 if Stripe lacks it."""
    if currency in CURRENCIES:
        return
    if currency.lower() in STRIPE_CURRENCIES:
        raise not_modelled(f"the currency {currency}")
    raise Refusal(
        400,
        f"Invalid currency: {currency}. Stripe currently supports these currencies:"
        f" {', '.join(STRIPE_CURRENCIES)}",
        param=parameter,
    )


def check_total(total: int, currency: str, *, of: str = "Amount must") -> None:
    """Raise Refusal (400) for a total that Stripe does not charge; `of` begins the sentence."""
    check_currency(currency)
    limits = CURRENCIES[currency]
    if total % limits.step:
        raise Refusal(
            400, f"Invalid integer: {total}. In {currency}, multiples of {limits.step} only."
        )
    if total < limits.minimum:
        least = f"at least {amount_with_currency(limits.minimum, currency)}"
        raise Refusal(400, f"{of} be {least}", code="amount_too_small", param="amount")
    if total > limits.maximum:
        most = f"no more than {amount_with_currency(limits.maximum, currency)}"
        raise Refusal(400, f"{of} be {most}", code="amount_too_large", param="amount")


def amount_with_currency(amount: int, currency: str) -> str:
    """Return an amount as Stripe's errors have it: "€0.50 eur"."""
    return f"{SYMBOLS.get(currency, '')}{decimal_amount(amount, currency)['amount']} {currency}"


def decimal_amount(amount: int, currency: str) -> Json:
    """Return `{"amount", "digits"}` for people: 5000 cents is "50.00", of which 2 digits are shown.

    `digits` is 0 where those after the point can only be zeros.
    """
    limits = CURRENCIES[currency]
    shown = 0 if limits.step == 10**limits.digits else limits.digits
    return {"amount": str(Decimal(amount).scaleb(-limits.digits)), "digits": shown}
