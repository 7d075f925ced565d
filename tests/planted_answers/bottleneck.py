"""Wrong answers that the checks of chapter 1 must reject, with part of the hint."""

import zlib

WEIGHTS = 784 * 512 + 512 * 256 + 256 * 32

WRONG = {
    "parameter_count": [
        (2 * WEIGHTS, "weights alone"),
        (WEIGHTS + 512 + 256 + 32, "that is the encoder"),
        (2 * (WEIGHTS + 512 + 256 + 32), "biases differ"),
        (1_000_000, "a·b weights and b biases"),
    ],
    "compression_factor": [
        (24.5, "counts dimensions"),
        (24.5 * 4 / 4 + 1e-6, "counts dimensions"),
        (128 / 784, "upside down"),
        (784 * 8 / 32, "bits and bytes"),
        (10.0, "divide the bytes"),
    ],
    "zlib_bytes": [
        (lambda image: 784, "uncompressed size"),
        (lambda image: len(zlib.compress((image.float() / 255).numpy().tobytes(), 9)), "float32 pixels"),
        (lambda image: 784 / len(zlib.compress(image.numpy().tobytes(), 9)), "compression factor"),
        (lambda image: 8 * len(zlib.compress(image.numpy().tobytes(), 9)), "counts bits"),
        (lambda image: 190, "your number differs"),
    ],
}
