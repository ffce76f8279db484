"""Stored bytes back to weights: numpy only, a range of rows at a time, for every scheme."""

from release.quantization.decoding.decoder import Decoder, Rows, Undecodable
from release.quantization.decoding.floats import FLOAT_WIDTHS, to_float32

__all__ = ["FLOAT_WIDTHS", "Decoder", "Rows", "Undecodable", "to_float32"]
