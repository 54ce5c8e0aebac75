"""Models of the HTTP API: all of `backend/` that `bot/` may import.

Money is a decimal string in major units (`"50.00"`) beside the integer in the currency's minor
units (`5000`); currencies are lower-case ISO codes; every time is UTC.
"""

from backend.schemas.accounting import *
from backend.schemas.addresses import *
from backend.schemas.amounts import *
from backend.schemas.billing import *
from backend.schemas.card_numbers import *
from backend.schemas.currency_marks import *
from backend.schemas.errors import *
from backend.schemas.groups import *
from backend.schemas.history import *
from backend.schemas.methods import *
from backend.schemas.model import *
from backend.schemas.money import *
from backend.schemas.names import *
from backend.schemas.notifications import *
from backend.schemas.organizations import *
from backend.schemas.payment_form import *
from backend.schemas.payments import *
from backend.schemas.people import *
from backend.schemas.refunds import *
from backend.schemas.settings import *
from backend.schemas.subscriptions import *
from backend.schemas.timeline import *
from backend.schemas.updates import *
