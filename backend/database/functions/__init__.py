"""A typed function for each SQL function of schema `api`, in modules by noun.

Names of functions and arguments are those of SQL, and `tests/database/test_functions.py` holds them
against the catalog. What people call takes who they are (`actor`); what only the backend calls does
not. Every function raises the refusals that its docstring names, which private.refusals() lists,
and DatabaseUnavailable.
"""
