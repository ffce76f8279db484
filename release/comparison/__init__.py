"""Two checkpoints of one model, tensor by tensor: which belong together, how far apart they are.

`pairing` and `names` are pure; `views`, `measure` and `search` read bytes and need numpy.
"""
