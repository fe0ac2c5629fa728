"""A hub on this machine: answers as huggingface.co does for one large file, and can fail."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeHub(ThreadingHTTPServer):
    """Serves ``content``; what was asked of it is in ``asked``.

    ``break_after``: each answer ends after so many bytes. ``ranges``: whether a part may be asked.
    ``announced``: the content whose SHA-256 and size it tells, if not that of ``content``.
    """

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.content = self.announced = content
        self.break_after: int | None = None
        self.ranges = True
        self.asked: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: FakeHub

    def do_HEAD(self) -> None:
        self._note()
        if "/resolve/main/seem_" not in self.path:
            self.send_error(404)
            return
        self.send_response(302)
        # another host, as large files are: redirects inside the hub are followed at once
        self.send_header("Location", f"http://localhost:{self.server.server_port}/store/1")
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("X-Linked-Size", str(len(self.server.announced)))
        digest = hashlib.sha256(self.server.announced).hexdigest()
        self.send_header("X-Linked-Etag", f'"{digest}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self._note()
        content, start = self.server.content, 0
        wanted = self.headers.get("Range")
        if wanted and self.server.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        rest = content[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked has heard enough
            self.wfile.write(rest[: self.server.break_after])
        self.close_connection = True

    def _note(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers.get("Range", "")))

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def hub(content: bytes) -> Iterator[FakeHub]:
    """A running hub."""
    server = FakeHub(content)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
