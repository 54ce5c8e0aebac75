"""Checks of a schema in the manner of Supabase's advisors (advisors.sql), and our exceptions."""

from pathlib import Path

COMMON, *_PARTS = Path(__file__).with_name("advisors.sql").read_text().split("\n-- advisor: ")
ADVISORS = {
    title: f"{COMMON}\n{query}" for title, _, query in (part.partition("\n") for part in _PARTS)
}

# What is found on purpose, each with its reason.
NOT_GRANTED = "nobody has a grant on it; row-level security without a policy denies it twice"
EXCEPTIONS = {
    "0008 row-level security without policy": dict.fromkeys(
        (
            "public.chats", "public.invitation_uses", "public.invitations", "public.link_codes",
            "public.notifications", "public.packages", "public.setup_links",
            "public.stripe_events", "public.telegram_updates", "private.open_questions",
        ),
        NOT_GRANTED,
    ),
    "0024 policy that is always true": {
        "public.currencies: everyone signed in sees the currencies": "they are no person's",
    },
}  # fmt: skip
