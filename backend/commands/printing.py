"""Output of commands, for people and for `jq`."""

import json

from pydantic_core import to_jsonable_python


def print_as_json(answer: object) -> None:
    """Print a model, or a list of models, as indented JSON."""
    print(json.dumps(to_jsonable_python(answer), indent=2))
