"""`make snapshots`: writes the current surface into the committed files beside this one."""

from tests.snapshots.surface import FOLDER, SNAPSHOTS

for name, current in SNAPSHOTS.items():
    (FOLDER / name).write_text(current())
