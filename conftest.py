"""Set before torch is imported, here and in the notebooks' kernels."""

import os

# Two pytest workers share two cores: with a thread each they run five times faster than with two.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
