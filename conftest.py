"""Set before torch is imported, here and in the notebooks' kernels."""

import os

# Two pytest workers share two cores: with a thread each they run five times faster than with two.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # nor does a notebook start processes of joblib beside its own
os.environ.setdefault("TQDM_DISABLE", "1")

# What takes longest, in this order: started last, one of them would keep a worker busy after the other is done.
LONGEST = ("comparison", "toward_the_vae", "latent_space", "bottleneck", "random_sampling")


def pytest_collection_modifyitems(items):
    """Notebooks before unit tests, the longest first; the rest as found."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (item.path.suffix != ".ipynb", rank.get(item.path.stem[3:], len(rank))))
