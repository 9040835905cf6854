"""Keep Rasa's logs from holding what people typed: only errors, and those without local variables."""

from __future__ import annotations

import logging
import warnings

import structlog


def quiet() -> None:
    """Set structlog, logging and warnings for a process that runs the Agent."""
    warnings.filterwarnings("ignore")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("rasa").setLevel(logging.CRITICAL)  # its exceptions log the tracker's text; ours name the error
    for name in ("tensorflow", "sanic", "matplotlib", "h5py"):
        logging.getLogger(name).setLevel(logging.ERROR)
