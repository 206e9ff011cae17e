"""A PostgreSQL server for the tests of a file, begun when the first of them wants it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from postgres_server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.remove()


@pytest.fixture
def postgres(server: Server) -> Server:
    """The server with an empty database."""
    server.psql("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return server
