"""What sets of faults have in common; the faults are in each stand-in's `faults.py`."""

from typing import Self

from sandbox.refusals import StrictModel
from sandbox.store import Json


class Faults(StrictModel):
    """What goes wrong on purpose; a field at its default is a fault that is off."""

    def changed_by(self, body: Json) -> Self:
        """Return these faults with those that `body` names set anew; an empty `body` ends all.

        Counted faults that `body` does not name go on counting. Raises pydantic's ValidationError
        for a fault that does not exist or cannot have that value.
        """
        changes = type(self).model_validate(body)
        if not body:
            return changes
        named = changes.model_fields_set
        return self.model_copy(update={name: value for name, value in changes if name in named})
