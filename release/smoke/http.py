"""A server on this machine: whether it is up, and its pages."""

import http.client

HOST = "127.0.0.1"
SECONDS = 10.0
OK = 200


def get_page(port: int, path: str) -> str | None:
    """Give a page of the server, None where there is no such answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return text if response.status == OK else None
