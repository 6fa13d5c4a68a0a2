"""One thread: results do not change with the machine, and small tensors are faster so."""

import torch

torch.set_num_threads(1)
