"""A typed function for each SQL function of schema `api`, in modules by noun.

Names of functions and arguments are those of SQL; `tests/database/test_functions.py` compares them
with the catalog. What people call takes an `actor`; what only the service calls does not.

Every function raises DatabaseUnavailable, those with an `actor` also Unauthorized (no such user),
and the refusals that the docstring names (`private.refusals()` in SQL). An id of the service's that
is not there raises NotFound only where the docstring says so; elsewhere it is a bug.

Amounts are minor units, times UTC, where nothing else is said.
"""
