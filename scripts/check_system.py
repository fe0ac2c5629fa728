"""Name, or with ``--install`` install, the system libraries that a window and the tests need.

Works before anything is installed: ``python3 scripts/check_system.py [--install]``.
"""

import runpy
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src/napari_seem/_system.py"

if __name__ == "__main__":
    runpy.run_path(str(SOURCE), run_name="__main__")
