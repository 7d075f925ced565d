"""Does the course keep its promises?  Measures, and exits with 1 where it does not.

`python -m aecourse.benchmark` asks whether training is as fast as it says. The things compared take turns, so that
a busy moment hits them alike, and what counts is the median over the rounds of the ratio within a round.

`python -m aecourse.benchmark --headline` trains the five configurations of a published table (see `published`)
on all 5,000 embedded digits and asks whether the course's recipe reaches the losses that it says; with
`--recipe published`, whether the published recipe gives the published losses again.

`python -m aecourse.benchmark --choose` searches for the defaults of every variant on validation digits (see `choice`).
"""

import argparse
import statistics
import subprocess
import sys
import time
from dataclasses import asdict

import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from aecourse import choice, data, metrics, models, published, reproducibility, training

MIN_SPEEDUP = 4.5  # a plain DataLoader loop over fit
MAX_OVERHEAD = 1.1  # fit over a loop written by hand
MAX_IMPORT = 1.3  # import aecourse over import torch
COPIES = 8  # of the 5,000 embedded digits: 40,000 images
NETWORKS = {"dense": models.VanillaAutoencoder, "convolutional": models.ConvolutionalAutoencoder}
IMPORTS = {
    "torch": "import torch",
    "aecourse": "import aecourse",
    "modules": "from aecourse import data, models, training, metrics, plotting, checks",
}


def many_images():
    """The embedded digits several times over: as much work as so many different ones."""
    digits = data.load_mnist().all
    pixels = digits.images.mul(255).round().byte()
    return data.ImageSet(pixels.repeat(COPIES, 1, 1, 1), digits.labels.repeat(COPIES))


def new_model(network):
    """One of the course's networks with its defaults, always with the same weights."""
    reproducibility.seed_everything(0)
    return NETWORKS[network]()


def fit_epoch(images, network):
    """One epoch as the course trains it."""
    training.fit(new_model(network), images, epochs=1, progress=False)


def bare_epoch(images, network):
    """The same epoch written by hand, over a tensor in memory (N, 1, 28, 28), with nothing around it.

    It ends as `fit` does, with a look at 10,000 of the images, so that both sides are trained and measured.

    Returns:
        What the history of `fit` holds: the mean loss of the training images, and their error after the epoch.
    """
    model = new_model(network)
    reproducibility.seed_everything(0)  # of the order
    batches = torch.randperm(len(images)).split(model.batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=model.max_lr, fused=True)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, model.max_lr, total_steps=len(batches))
    total = torch.zeros(())
    for indices in batches:
        x = images[indices]
        loss = functional.mse_loss(model.decoder(model.encoder(x)), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.detach() * len(x)
    with torch.no_grad():
        seen = images[:: -(-len(images) // training.EVALUATION_LIMIT)].split(training.EVALUATION_BATCH)
        squares = sum((model.decoder(model.encoder(x)) - x).square().sum().item() for x in seen)
    return total.item() / len(images), squares / sum(x.numel() for x in seen)


class PillowDataset(Dataset):
    """Images one at a time through Pillow and a transform, as `torchvision.datasets.MNIST` hands them out."""

    def __init__(self, images, transform):
        self.images = (images.images * 255).round().byte().squeeze(1)  # (N, 28, 28)
        self.labels, self.transform = images.labels, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = Image.fromarray(self.images[index].numpy())
        return self.transform(image), int(self.labels[index])


def data_loader_epoch(dataset):
    """The same epoch as tutorials write it."""
    model = new_model("dense")
    loader = DataLoader(dataset, batch_size=model.batch_size, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=model.max_lr)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, model.max_lr, total_steps=len(loader))
    for x, _ in loader:
        loss = functional.mse_loss(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()


def run_python(statement):
    """Run a statement in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", statement], check=True)


def seconds_by_turns(contestants, rounds):
    """{name: seconds of each round}; they take turns, every other round in the opposite order."""
    seconds = {name: [] for name in contestants}
    for number in range(rounds):
        for name in list(contestants)[:: -1 if number % 2 else 1]:
            start = time.perf_counter()
            contestants[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def median_ratio(above, below):
    """The median over the rounds of the ratio within a round, in which both met the same machine."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def speed(rounds):
    """Measure, print, and return a sentence for each promise that is not kept."""
    images = many_images()
    dataset = PillowDataset(images, v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]))
    floats = images.images
    epochs = {
        "loader": lambda: data_loader_epoch(dataset),
        "fit, dense": lambda: fit_epoch(images, "dense"),
        "by hand, dense": lambda: bare_epoch(floats, "dense"),
        "fit, convolutional": lambda: fit_epoch(images, "convolutional"),
        "by hand, convolutional": lambda: bare_epoch(floats, "convolutional"),
    }
    imports = {name: lambda statement=statement: run_python(statement) for name, statement in IMPORTS.items()}
    seconds = seconds_by_turns(epochs, rounds) | seconds_by_turns(imports, rounds)
    promises = [
        ("epoch of a DataLoader loop / epoch of fit", "loader", "fit, dense", "at least", MIN_SPEEDUP),
        *(
            (f"epoch of fit / by hand, {name}", f"fit, {name}", f"by hand, {name}", "at most", MAX_OVERHEAD)
            for name in NETWORKS
        ),
        ("import aecourse / import torch", "aecourse", "torch", "at most", MAX_IMPORT),
    ]
    print(f"{len(images):,} images, {torch.get_num_threads()} threads, medians of {rounds}")
    for name, measured in seconds.items():
        print(f"  {name:22} {statistics.median(measured):6.2f} s")
    broken = []
    for what, above, below, side, bar in promises:
        ratio = median_ratio(seconds[above], seconds[below])
        kept = ratio >= bar if side == "at least" else ratio <= bar
        print(f"{'✓' if kept else '✗'} {what}: {ratio:.2f} ({side} {bar})")
        if not kept:
            broken.append(f"{what} is {ratio:.2f} but should be {side} {bar}")
    return broken


def headline(recipe, seed):
    """Train the published configurations, print a row each, and return a sentence for each broken promise."""
    images, broken = data.load_mnist().all, []
    settings = published.PUBLISHED if recipe == "published" else published.COURSE
    print(f"{len(images):,} digits, {settings.epochs} epochs, {recipe} recipe, seed {seed}")
    print("The account prints the loss: the whole objective. Its part without the penalty is the reconstruction.")
    print("variant         d  published    loss  ratio  reconstruction  seconds  parameters  zeros in code  dead units")
    for row in published.CONFIGURATIONS:
        reproducibility.seed_everything(seed)
        if recipe == "published":
            model = row.theirs()
            low, high = row.published * (1 - published.TOLERANCE), row.published * (1 + published.TOLERANCE)
        else:
            model, low, high = row.course(), 0, row.promised
        history = training.fit(model, images, seed=seed, progress=False, **asdict(settings))
        with torch.no_grad():
            z = model.encode(images.images)  # (N, d)
        zeros, dead = (z == 0).double().mean().item(), (z == 0).all(0).sum().item()
        loss, reconstruction = history.train_loss[-1], history.train_reconstruction[-1]
        parameters = metrics.parameter_count(model)
        line = f"{row.variant:13}  {model.latent_dim:2}     {row.published:.4f}  {loss:.4f}"
        line += f"   {loss / row.published:.2f}          {reconstruction:.4f}"
        line += f"  {history.seconds:7.1f}  {parameters:10,}  {zeros:13.0%}  {dead:10}"
        print(line, flush=True)
        name = f"{row.variant}, d = {model.latent_dim}"
        if not low <= loss <= high:
            broken.append(f"the loss of {name} is {loss:.4f} but should be from {low:.4f} to {high:.4f}")
        if recipe == "course" and zeros < row.min_zeros:
            broken.append(f"only {zeros:.0%} of the code of {name} is zero but {row.min_zeros:.0%} should be")
    return broken


def main():
    parser = argparse.ArgumentParser(
        prog="python -m aecourse.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of each measurement of speed; the median counts")
    parser.add_argument("--headline", action="store_true", help="measure the losses instead of the speed")
    parser.add_argument("--recipe", choices=("course", "published"), default="course", help="with --headline")
    parser.add_argument("--seed", type=int, default=0, help="with --headline: of weights, order and noise")
    parser.add_argument("--choose", action="store_true", help="search for the defaults instead, on validation digits")
    arguments = parser.parse_args()
    if arguments.choose:
        return choice.choose()
    broken = headline(arguments.recipe, arguments.seed) if arguments.headline else speed(arguments.rounds)
    if broken:
        sys.exit(f"Not as promised: {'; '.join(broken)}.")


if __name__ == "__main__":
    main()
