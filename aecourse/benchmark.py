"""Does the course keep its promises?  Measures, and exits with 1 where it does not.

`python -m aecourse.benchmark` asks whether training is as fast as it says. The machine should be otherwise
idle. Each time is the best of a few rounds, and the things compared take turns, so that a busy moment hits
them alike.

`python -m aecourse.benchmark --headline` trains the five configurations of a published table (see `published`)
on all 5,000 embedded digits and asks whether the course's recipe reaches the losses that it says; with
`--recipe published`, whether the published recipe gives the published losses again.

`python -m aecourse.benchmark --choose` searches for the defaults of every variant on validation digits (see `choice`).
"""

import argparse
import functools
import subprocess
import sys
import time
from dataclasses import asdict

import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from aecourse import choice, data, models, published, reproducibility, training

MIN_SPEEDUP = 4.5  # a plain DataLoader loop over fit
MAX_OVERHEAD = 1.1  # fit over a bare loop of PyTorch
MAX_IMPORT = 1.3  # import aecourse over import torch
BATCH_SIZE = 128
IMPORTS = {
    "torch": "import torch",
    "aecourse": "import aecourse",
    "modules": "from aecourse import data, models, training, metrics, plotting, checks",
}


def sixty_thousand_images():
    """Full MNIST's training images where they are at hand, otherwise random ones: the work is the same."""
    if data.full_mnist_at_hand():
        return data.load_mnist("full").train
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (60_000, 1, 28, 28), dtype=torch.uint8, generator=generator)
    return data.ImageSet(images, torch.zeros(60_000, dtype=torch.int64))


def new_model():
    """784-256-32-256-784, always with the same weights."""
    reproducibility.seed_everything(0)
    return models.VanillaAutoencoder(latent_dim=32, hidden_dims=(256,))


def fit_epoch(images):
    """One epoch as the course trains it."""
    training.fit(new_model(), images, epochs=1, batch_size=BATCH_SIZE, progress=False)


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
    """The same epoch as tutorials write it. With `bare_epoch` the one step of an optimizer outside `training`."""
    model = new_model()
    loader = DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=model.max_lr)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, model.max_lr, total_steps=len(loader))
    for x, _ in loader:
        loss = functional.mse_loss(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()


def bare_epoch(images, build):
    """The same epoch as short as PyTorch allows: tensors in memory, a fused optimizer, no looks at anything.

    Like `fit` it measures at its end the error of every sixth image or so, 10,000 at the most.
    """
    reproducibility.seed_everything(0)
    model, pixels = build(), images.images
    optimizer = torch.optim.AdamW(model.parameters(), lr=model.max_lr, fused=True)
    steps = -(-len(pixels) // model.batch_size)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, model.max_lr, total_steps=steps)
    model.train()
    for indices in torch.randperm(len(pixels)).split(model.batch_size):
        x = pixels[indices]
        loss = functional.mse_loss(model.decoder(model.encoder(x)), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    model.eval()
    with torch.no_grad():
        every = -(-len(pixels) // training.EVALUATION_LIMIT)
        for indices in torch.arange(0, len(pixels), every).split(training.EVALUATION_BATCH):
            functional.mse_loss(model.decoder(model.encoder(pixels[indices])), pixels[indices]).item()


def course_epoch(images, build):
    """What `bare_epoch` is measured against: `fit` with the variant's own settings."""
    reproducibility.seed_everything(0)
    training.fit(build(), images, epochs=1, progress=False)


def run_python(statement):
    """Run a statement in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", statement], check=True)


def best_seconds(contestants, rounds):
    """{name: seconds of its fastest run}; they take turns."""
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def speed(rounds):
    """Measure, print, and return a sentence for each promise that is not kept."""
    images = sixty_thousand_images()
    dataset = PillowDataset(images, v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]))
    epochs = {
        "fit": lambda: fit_epoch(images),
        "loader": lambda: data_loader_epoch(dataset),
    }
    digits = data.load_mnist().train
    for name, build, images_of in (
        ("dense", models.VanillaAutoencoder, images),
        ("convolutional", models.ConvolutionalAutoencoder, digits),  # ten times slower, so on fewer
    ):
        epochs[f"{name}, fit"] = functools.partial(course_epoch, images_of, build)
        epochs[f"{name}, bare"] = functools.partial(bare_epoch, images_of, build)
    imports = {name: lambda statement=statement: run_python(statement) for name, statement in IMPORTS.items()}
    seconds = best_seconds(epochs, rounds) | best_seconds(imports, rounds)
    promises = [
        ("epoch of a DataLoader loop / epoch of fit", seconds["loader"] / seconds["fit"], "at least", MIN_SPEEDUP),
        *[
            (
                f"epoch of fit / of a bare PyTorch loop, {name}",
                seconds[f"{name}, fit"] / seconds[f"{name}, bare"],
                "at most",
                MAX_OVERHEAD,
            )
            for name in ("dense", "convolutional")
        ],
        ("import aecourse / import torch", seconds["aecourse"] / seconds["torch"], "at most", MAX_IMPORT),
    ]
    print(f"{len(images):,} images, {torch.get_num_threads()} threads, best of {rounds}")
    for name, best in seconds.items():
        print(f"  {name:20} {best:6.2f} s")
    broken = []
    for what, ratio, side, bar in promises:
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
        parameters = sum(p.numel() for p in model.parameters())
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
    parser.add_argument("--rounds", type=int, default=3, help="runs of each measurement of speed; the best counts")
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
