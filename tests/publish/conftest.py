from tests.publish.world import client_env, hub, push, verified, work

__all__ = ["client_env", "hub", "push", "verified", "work"]
