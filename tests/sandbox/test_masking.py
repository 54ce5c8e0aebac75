"""Secrets never stand in what the sandbox records and shows; everything else does."""

import pytest

from sandbox.masking import mask, mask_json

TOKEN = "7000000001:" + "AbC-d_" * 6


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key=sk_test_" + "a1" * 24, "key=sk_test_***"),
        ("rk_live_abc, whsec_abc", "rk_live_***, whsec_***"),
        ('{"client_secret": "pi_1_secret_abc"}', '{"client_secret": "pi_1_secret_***"}'),
        (f"https://api.telegram.org/bot{TOKEN}/getMe", "https://api.telegram.org/bot7000000001:***/getMe"),
        (TOKEN.replace(":", "%3A"), "7000000001%3A***"),
        ("url=http%3A%2F%2Fx&secret_token=abc-d&x=1", "url=http%3A%2F%2Fx&secret_token=***&x=1"),
        ('{"secret_token": "abc", "x": 1}', '{"secret_token": "***", "x": 1}'),
        ("Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "Bearer ***"),
        ("postgresql://me:pw@db.example/x", "postgresql://me:***@db.example/x"),
    ],
)  # fmt: skip
def test_a_secret_is_masked_and_what_it_was_is_left(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "cs_test_a15c0f16771a552f6c62f9ff06 evt_1 pi_2 acct_3 4242424242424242",
        "2026-11-30 11:48:26 http://127.0.0.1:8080/a:b@c /start invite_AbCdEfGhIjKlMnOpQrStUvWxYz",
        "Idempotency-Key: 4f6f9f0e-3f47-4c6e-9a51-1d3c5f1d6c3a:1",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text
    assert mask_json({"a": [text, 1, None]}) == {"a": [text, 1, None]}
