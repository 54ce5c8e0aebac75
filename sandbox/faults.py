"""The base of the sets of faults, which are in each stand-in's `faults.py`."""

from typing import Self

from sandbox.refusals import StrictModel
from sandbox.store import Json


class Faults(StrictModel):
    """Faults on purpose; a field with its default value is a fault that is off."""

    def changed_by(self, body: Json) -> Self:
        """Return these faults with those set that `body` names; an empty `body` ends all.

        Counted faults that `body` does not name keep their count. Raises pydantic's ValidationError
        for a fault that does not exist or cannot have that value.
        """
        changes = type(self).model_validate(body)
        if not body:
            return changes
        named = changes.model_fields_set
        return self.model_copy(update={name: value for name, value in changes if name in named})
