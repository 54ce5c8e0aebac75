"""What commands print that people read and `jq` too."""

import json

from pydantic_core import to_jsonable_python


def print_as_json(answer: object) -> None:
    """Print a model, or a list of them, as indented JSON."""
    print(json.dumps(to_jsonable_python(answer), indent=2))
