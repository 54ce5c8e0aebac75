"""Failures of the sandbox, with messages for the person who started it."""


class CannotStart(Exception):
    """A reason that only the person can remove; the message says what to do."""


class StartFailed(Exception):
    """A child process that did not start; the message ends with the last lines of its log."""


class DemoFailed(Exception):
    """A failed step of the demo; the message has what was expected, and the ends of the logs."""
