"""Parsers: models of Stripe's objects, and facts about our payments, refunds, ... made of them.

A module for each noun: its models have the fields that we read, its `parse_...` functions make
facts (see `facts`). An object that is not as Stripe documents it raises StripeObjectUnreadable; any
other exception here is a bug.
"""
