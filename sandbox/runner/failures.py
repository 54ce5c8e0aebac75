"""Why the sandbox did not start, or the demo did not work, in sentences for whoever started it."""


class CannotStart(Exception):
    """Something that only the person who started us can change; the message says what and how."""


class StartFailed(Exception):
    """A child did not come up; the message ends with the last lines of its log."""


class DemoFailed(Exception):
    """A step did not come; the message says which, what was seen, and what the logs end with."""
