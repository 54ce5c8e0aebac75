"""What the local Bot API answers instead of a result.

The sentences are those of Telegram's own server (github.com/tdlib/telegram-bot-api), as bots get
to see them: libraries and bots tell errors apart by them. 501 is the sandbox's own: the real one
may well allow it, this one does not play it, and says so rather than pretend.
"""

from http import HTTPStatus


class Refused(Exception):
    """`code` is the HTTP status and `error_code`; `parameters` are Bot API ResponseParameters.

    https://core.telegram.org/bots/api#making-requests
    """

    def __init__(self, code: int, why: str = "", **parameters: int) -> None:
        self.code = code
        self.description = HTTPStatus(code).phrase + (f": {why}" if why else "")
        self.parameters = parameters
        super().__init__(self.description)


def not_modelled(what: str) -> Refused:
    """501, said out loud, so that nobody takes silence for success."""
    return Refused(501, f"the sandbox does not model {what}")
