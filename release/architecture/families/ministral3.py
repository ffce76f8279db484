"""Ministral 3: Mistral without a sliding window."""

from release.architecture.decoder import plain_caches
from release.architecture.families.mistral import mistral_skeleton
from release.architecture.family import GATE_UP, QKV, Family

FAMILY = Family(mistral_skeleton, plain_caches, QKV | GATE_UP)
