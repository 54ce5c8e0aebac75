"""Builds the package; pyproject.toml says all but this.

The wheel carries what a checkout has elsewhere, because others look for it there: the Supabase CLI
for the migrations, people for `.env.example`.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CARRIED = {
    "supabase/migrations/*.sql": "backend/database/migration_files",
    ".env.example": "sandbox/runner",
}


class BuildWithCarried(build_py):
    """As always, and the carried files beside the modules that read them."""

    def run(self) -> None:
        """Copy into the folder that becomes the wheel; an editable install reads the checkout."""
        super().run()
        if self.editable_mode:
            return
        for pattern, package in CARRIED.items():
            self.mkpath(str(Path(self.build_lib, package)))
            for file in sorted(Path().glob(pattern)):
                self.copy_file(str(file), str(Path(self.build_lib, package, file.name)))


setup(cmdclass={"build_py": BuildWithCarried})
