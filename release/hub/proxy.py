"""The proxy between us and an address, as the environment sets it."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from huggingface_hub.utils import httpx


def proxy_of(url: httpx.URL) -> str:
    """Name the proxy on the way to an address, without its password; empty if there is none."""
    settings = getproxies()
    proxy = settings.get(url.scheme) or settings.get("all") or ""
    if not proxy or proxy_bypass(url.host):
        return ""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
