"""Evidence: what the book says of other seeds, rates or runs, and what takes too long to compute beside the text.

One test a sentence, in one file a page: `test_03_pca.py` for notebooks/03_pca.ipynb.

    def test_no_plane_is_nearer_than_20_degrees(digits):
        '''notebooks/03_pca.ipynb: "Other seeds give other angles; in six runs none was below 20 degrees."'''
        angles = [train_and_measure(digits, seed) for seed in range(6)]
        assert min(angles) > 20, f"the angles are {angles}"

The docstring names the page and quotes the sentence (write r''' where it holds a backslash).
In the page a link follows the quoted words:

    in six runs none was below 20 degrees ([evidence](../tests/evidence/test_03_pca.py)).

`tests/test_evidence.py` holds the two together. `pytest -m evidence` runs all of these tests, and README's results
once more; `pytest` alone leaves them out. They train when they run, never when they are imported.
"""

from pathlib import Path

import pytest

from aecourse import data

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Every test of this folder carries the mark, so none can be forgotten."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("evidence")


@pytest.fixture(scope="session")
def digits():
    """The embedded digits: 4,000 to train on, 1,000 to test."""
    return data.load_mnist()
