"""The dialogue process: the Rasa Agent with in-process actions, its small server, guarded patches."""

import os

# Small matrices: a second thread costs more than it gives. And a process that is to be forked must have one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")
