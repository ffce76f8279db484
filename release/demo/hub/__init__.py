"""A Hub on 127.0.0.1: real HTTP for the real client, nothing leaves the machine."""

from release.demo.hub.faults import Fault, Faults
from release.demo.hub.handler import Logged
from release.demo.hub.hub import Settings
from release.demo.hub.server import HubServer

__all__ = ["Fault", "Faults", "HubServer", "Logged", "Settings"]
