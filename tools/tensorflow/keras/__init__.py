"""A stand-in for Keras; see the one for TensorFlow beside it."""

from functools import partial

from tensorflow import _attribute

__getattr__ = partial(_attribute, "keras")
