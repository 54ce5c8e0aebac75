"""`python -m backend doctor`: check the settings and everything they lead to."""

import argparse
import json
from dataclasses import asdict

from backend.commands.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the output format, and whether warnings fail."""
    parser.add_argument("--json", action="store_true", help="a list of findings, at the end")
    parser.add_argument("--strict", action="store_true", help="warnings make it fail as well")


async def run(arguments: argparse.Namespace) -> int:
    """Print each finding as it comes; return 1 for an error, with --strict for a warning, too."""
    from backend import doctor

    findings = []
    async for finding in doctor.run_checks():
        findings.append(finding)
        if not arguments.json:
            print(finding, flush=True)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    bad = {"error", "warning"} if arguments.strict else {"error"}
    return int(any(finding.level in bad for finding in findings))


COMMAND = Command("whether it would work, and what to do if not", run, add_arguments)
