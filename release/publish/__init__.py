"""Publish exactly the verified bytes: gate, plan, one commit, and a look at what is there then."""
