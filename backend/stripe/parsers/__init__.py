"""Stripe's objects as models, and what each says about our payments, refunds, ...: a fact.

A module a noun: its models have what we read of Stripe's objects, its `parse_...` functions make
facts of them (see `facts`). An object that is not as Stripe documents it is a
StripeObjectUnreadable; any other exception here is a mistake of ours.
"""
