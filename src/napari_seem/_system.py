"""What the operating system must offer before a window can open; standard library only.

Run as a program (``python scripts/check_system.py``) it names, or installs, what is missing.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Missing(NamedTuple):
    """Something that is not there and the Debian package that brings it."""

    what: str
    package: str


# What Qt's wheels link to and do not bring. Qt itself blames libxcb-cursor0 whichever is missing.
LIBRARIES = (
    Missing("libEGL.so.1", "libegl1"),
    Missing("libGL.so.1", "libgl1"),
    Missing("libX11-xcb.so.1", "libx11-xcb1"),
    Missing("libdbus-1.so.3", "libdbus-1-3"),
    Missing("libfontconfig.so.1", "libfontconfig1"),
    Missing("libfreetype.so.6", "libfreetype6"),
    Missing("libglib-2.0.so.0", "libglib2.0-0"),
    Missing("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
    Missing("libxcb-cursor.so.0", "libxcb-cursor0"),
    Missing("libxcb-glx.so.0", "libxcb-glx0"),
    Missing("libxcb-icccm.so.4", "libxcb-icccm4"),
    Missing("libxcb-image.so.0", "libxcb-image0"),
    Missing("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    Missing("libxcb-randr.so.0", "libxcb-randr0"),
    Missing("libxcb-render-util.so.0", "libxcb-render-util0"),
    Missing("libxcb-shape.so.0", "libxcb-shape0"),
    Missing("libxcb-shm.so.0", "libxcb-shm0"),
    Missing("libxcb-sync.so.1", "libxcb-sync1"),
    Missing("libxcb-xfixes.so.0", "libxcb-xfixes0"),
    Missing("libxcb-xkb.so.1", "libxcb-xkb1"),
    Missing("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    Missing("libxkbcommon.so.0", "libxkbcommon0"),
)
MESA = Missing("a Mesa driver (swrast_dri.so)", "libgl1-mesa-dri")
XVFB = Missing("Xvfb", "xvfb")


def missing_libraries() -> tuple[Missing, ...]:
    """Shared libraries that a Qt window needs and that cannot be loaded; none but on Linux."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(library for library in LIBRARIES if not _loads(library.what))


def missing_for_tests() -> tuple[Missing, ...]:
    """What the tests need besides: an X server without a screen, and software OpenGL for it."""
    if not sys.platform.startswith("linux"):
        return ()
    drivers = (
        *Path("/usr/lib").glob("*/dri/*swrast_dri.so"),
        *Path("/usr/lib").glob("*/libgallium*.so"),
    )
    tools = () if shutil.which("Xvfb") else (XVFB,)
    return missing_libraries() + tools + (() if drivers else (MESA,))


def no_display(environ: Mapping[str, str]) -> str:
    """Why no window can open, or ""."""
    if not sys.platform.startswith("linux") or environ.get("WAYLAND_DISPLAY"):
        return ""
    display = environ.get("DISPLAY", "")
    if not display:
        return "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    host, _, screen = display.rpartition(":")
    if host in {"", "unix"} and not _answers(screen.split(".")[0]):
        return f"no X server answers at DISPLAY={display}"
    return ""


def apt_command(missing: Iterable[Missing]) -> str:
    """What a Debian user types to get the missing things."""
    packages = sorted({thing.package for thing in missing})
    return "apt-get install --no-install-recommends " + " ".join(packages)


def install(missing: Sequence[Missing]) -> bool:
    """Install with apt if this user may; tells whether that was tried and worked."""
    if not missing or shutil.which("apt-get") is None:
        return False
    rights: list[str] = []
    if os.geteuid() != 0:
        rights = ["sudo", "-n"]
        if shutil.which("sudo") is None or _run([*rights, "true"]) != 0:
            return False
    env = ["env", "DEBIAN_FRONTEND=noninteractive"]
    packages = sorted({thing.package for thing in missing})
    order = ["install", "-y", "--no-install-recommends", *packages]
    return (
        _run([*rights, *env, "apt-get", "update", "-q"]) == 0
        and _run([*rights, *env, "apt-get", *order]) == 0
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Say, or install, what is missing for the tests; 0 if nothing is missing (any more)."""
    parser = argparse.ArgumentParser(prog="check_system", description=main.__doc__)
    parser.add_argument("--install", action="store_true", help="install it, where we may")
    options = parser.parse_args(argv)
    missing = missing_for_tests()
    if missing and options.install and install(missing):
        missing = missing_for_tests()
    if not missing:
        print("System libraries: everything is there.")
        return 0
    print("A window cannot open here; these are missing:", file=sys.stderr)
    for thing in missing:
        print(f"  {thing.what}  (Debian package {thing.package})", file=sys.stderr)
    print(f"On Debian or Ubuntu, as root:\n  {apt_command(missing)}", file=sys.stderr)
    return 1


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _answers(number: str) -> bool:
    """Whether somebody listens on the socket of a local X display."""
    path = f"/tmp/.X11-unix/X{number}"
    for address in (path, f"\0{path}"):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(address)
            except OSError:
                continue
            return True
    return False


def _run(command: list[str]) -> int:
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
