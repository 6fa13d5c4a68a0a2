"""Results do not change with the machine: one thread, and no test fails of being slow.

Small tensors are faster in one thread, too.
"""

import signal

import torch
from hypothesis import HealthCheck, settings

torch.set_num_threads(1)
# A shell that starts tests in the background has them ignore Ctrl-C, and so their processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anywhere")
