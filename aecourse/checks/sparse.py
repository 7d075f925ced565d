"""Checks of the chapter on sparse codes."""

import torch

from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import judged
from aecourse.checks.verdict import BadAnswer, call, close, right, tensor, wrong
from aecourse.validation import describe


def codes(count, d, seed):
    """Codes of either sign, about half of them exactly zero, no unit dead."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(count, d, generator=generator)
    return z * (torch.rand(count, d, generator=generator) < 0.5)


same_penalty = Exercise(
    "The weight of losses.sparsity that equals 1e-3 * z.abs().mean() for d = 32 and batches of 64.",
    solution=1e-3 / 32,
    tolerance=1e-3,
    lesson="the mean over units divides by d = 32. Say which average you use whenever you state a λ.",
    mistakes=[
        (1e-3, "with that weight your penalty is 32 times heavier: z.abs().mean() divides by the number of units too."),
        (1e-3 * 32, "the wrong way round. A sum is larger than a mean, so its weight must be smaller."),
        (1e-3 / 64, "both penalties average over the 64 images, so the batch cancels. What else does mean() average?"),
        (1e-3 * 64, "both penalties average over the 64 images, so the batch cancels. What else does mean() average?"),
        (1e-3 / 64 / 32, "both penalties average over the 64 images: only one of your two divisions is needed."),
        (1e-3 / 784, "784 counts pixels. The penalty is on the code: how many numbers has that?"),
        (1e-3 / 32**0.5, "no root is needed: L1 is a plain sum over the units, not a length."),
        (1 / 32, "that is the ratio of the two weights. Multiply it by the tutorial's 1e-3."),
        (32, "that is the ratio of the two penalties. Divide the tutorial's 1e-3 by it."),
    ],
    otherwise="write both penalties as sums over the images i and the units j; they differ by one factor.",
)


def l0_cases():
    cases = codes(40, 12, seed=1), codes(25, 9, seed=2)
    for z in cases:
        z[:, 1] = z[:, 1].sign() * 1e-6  # small, yet not zero
    return [(z,) for z in cases]


SMALL_IS_NOT_ZERO = "you left out numbers that are small. Small is not zero: that is how the network dodges."

l0 = Exercise(
    "A function from codes (N, d), of either sign, to the mean number of units in use for an image.",
    solution=lambda z: (z != 0).sum(1).float().mean(),
    cases=l0_cases,
    lesson="exact zeros are counted, small numbers are in use. Put this count beside every claim of sparsity.",
    mistakes=[
        (lambda z: (z != 0).float().mean(), "that is the share of units in use. L0 is a count: it goes up to d."),
        (lambda z: (z == 0).sum(1).float().mean(), "you counted the zeros. L0 counts what is not zero."),
        (lambda z: (z == 0).float().mean(), "you counted the zeros, and as a share. L0 is the number of units in use."),
        (lambda z: (z != 0).sum(), "you counted over the whole batch. Divide by the number of images."),
        (
            lambda z: (z > 0).sum(1).float().mean(),
            "negative numbers are in use too: compare with `!= 0`, not with `> 0`.",
        ),
        (
            lambda z: (z != 0).sum(0).float().mean(),
            "you counted the images for each unit. Units run along dimension 1.",
        ),
        (
            lambda z: (z != 0).any(0).sum(),
            "those are the units that are used by *some* image. L0 is a number for each image.",
        ),
        (
            lambda z: z.abs().sum(1).mean(),
            "that is L1, the sum of sizes. L0 only asks whether a number is zero or not.",
        ),
        *[
            (lambda z, cut=cut: (z.abs() > cut).sum(1).float().mean(), SMALL_IS_NOT_ZERO)
            for cut in (1e-5, 1e-4, 1e-3, 1e-2)
        ],
        (lambda z: (z != 0).sum(1), "you return one number for each image. Average over the images."),
    ],
    otherwise="for each image count the numbers that differ from 0, then average over the images.",
)


def living_zeros_cases():
    cases = codes(30, 12, seed=3), codes(50, 8, seed=4)
    for z in cases:
        z[:, [0, 5]] = 0  # dead
        z[:, 2] = -z[:, 2].abs()  # never positive, yet alive
        z[0, 3] = 0  # zero for the first image, yet alive
    cases[0][:, 6] = 1  # never zero
    cases[1][-4:] = 0  # images with an empty code: here no unit is never zero
    return [(z,) for z in cases]


def living(z):
    return (z != 0).any(0)


def zeros_of(alive):
    """The share of zeros in the columns that `alive(z)` selects."""
    return lambda z: (z[:, alive(z)] == 0).float().mean()


living_zeros = Exercise(
    "A function from codes (N, d) to the share of exact zeros among the units that are not dead.",
    solution=zeros_of(living),
    cases=living_zeros_cases,
    lesson="a dead unit is not sparse, it is absent. Only zeros of living units say that a code is sparse.",
    mistakes=[
        (
            lambda z: (z == 0).float().mean(),
            "the dead units are still in it. Leave out the units that are zero for all images.",
        ),
        (lambda z: 1 - zeros_of(living)(z), "that is the share that is *not* zero. Ask for the zeros."),
        (
            lambda z: 1 - living(z).float().mean(),
            "that is the share of dead units. Take the others, and count their zeros.",
        ),
        (lambda z: living(z).float().mean(), "that is the share of living units. Take them, and count their zeros."),
        (
            lambda z: (z[(z != 0).any(1)] == 0).float().mean(),
            "you left out images with an empty code. A dead unit is a *column* of zeros: look along dimension 0.",
        ),
        (
            zeros_of(lambda z: z[0] != 0),
            "you judged by the first image. A unit is dead if it is zero for *all* images.",
        ),
        (
            zeros_of(lambda z: (z != 0).all(0)),  # of the second case it is the mean of nothing
            "you kept the units that are never zero. Alive is a unit that is not zero for *some* image.",
        ),
        (zeros_of(lambda z: (z > 0).any(0)), "a unit that is only ever negative is alive too: compare with `!= 0`."),
        (zeros_of(lambda z: z.sum(0) > 0), "a unit with a negative sum is alive too: compare each number with 0."),
        (lambda z: 100 * zeros_of(living)(z), "that is in percent. Return a share, from 0 to 1."),
        (
            lambda z: (z[:, living(z)] == 0).sum(),
            "that is a number of zeros. Divide by how many numbers the living units have.",
        ),
        (
            lambda z: (z[:, living(z)] == 0).sum(1).float().mean(),
            "that is a number of zeros for each image. Divide it by the number of living units.",
        ),
        (
            lambda z: (z[:, living(z)] == 0).sum() / z.numel(),
            "you count the zeros of the living units, but divide by the numbers of all. Divide by those of the living.",
        ),
        (
            lambda z: (z[:, living(z)] == 0).float().mean(0),
            "you return one share for each living unit. Average over all their numbers.",
        ),
        (
            lambda z: (z[:, living(z)] == 0).float().mean(1),
            "you return one share for each image. Average over all of them.",
        ),
    ],
    otherwise="select the columns of z that are not all zero, then take the mean of (columns == 0).",
)


def keep(z, count, largest=True):
    """The `count` largest (or smallest) numbers of all of z, the others zero."""
    values, places = z.flatten().topk(count, largest=largest)
    return torch.zeros(z.numel()).scatter(0, places, values).reshape(z.shape)


def keep_along(z, k, dim):
    values, places = z.topk(k, dim=dim)
    return torch.zeros_like(z).scatter(dim, places, values)


batch_top_k = Exercise(
    "A function (z, k) that keeps the N·k largest numbers of a whole batch of codes and zeroes the others.",
    solution=lambda z, k: keep(z, len(z) * k),
    cases=lambda: [
        (codes(6, 10, seed=5).relu(), 2),
        (codes(9, 14, seed=6).relu(), 3),
        (codes(4, 5, seed=7).abs(), 1),
    ],
    lesson="k on average, and each image takes what it needs. Note that a code now depends on its batch.",
    mistakes=[
        (
            lambda z, k: keep_along(z, k, 1),
            "that is top-k for each image. Let all images compete for one budget of N·k numbers.",
        ),
        (
            lambda z, k: keep_along(z, k, 0),
            "that keeps the k largest of each unit. Let all numbers of the batch compete.",
        ),
        (lambda z, k: keep(z, k), "you kept k numbers of the whole batch. The budget is k for each image: N·k."),
        (lambda z, k: keep(z, z.shape[1] * k), "your budget is d·k. It is k for each of the N images: N·k."),
        (
            lambda z, k: keep(z, len(z) * k - 1),
            "one number too few is left: keep the N·k-th largest itself too (`>=`, not `>`).",
        ),
        (lambda z, k: keep(z, len(z) * k + 1), "one number too many is left. Keep exactly N·k."),
        (lambda z, k: keep(z, len(z) * k, largest=False), "you kept the smallest numbers."),
        (
            lambda z, k: z - keep(z, len(z) * k),
            "you zeroed the largest and kept the rest: the wrong way round.",
        ),
        (
            lambda z, k: (keep(z, len(z) * k) > 0).float(),
            "those are ones. Keep the numbers themselves, not a mask.",
        ),
        (lambda z, k: z, "nothing was set to zero."),
        (
            lambda z, k: keep(z, len(z) * k).flatten(),
            "that is one long row of numbers. Give it the shape of z again.",
        ),
    ],
    otherwise="find the N·k largest numbers of z.flatten(), put them back in their places, zero everywhere else.",
)


@judged
def dodge(function):
    """A function that rescales a decoder with a hidden ReLU: same output, unit columns, L1 `factor` times lower."""
    generator = torch.Generator().manual_seed(8)
    hidden, d, width, n = 7, 5, 6, 4
    shapes = [(d, hidden), (d,), (width, d), (width,), (n, width), (n,)]
    W, b, V_1, c_1, V_2, c_2 = given = [torch.randn(*shape, generator=generator) for shape in shapes]
    V_1 /= V_1.norm(dim=0)
    h = torch.randn(200, hidden, generator=generator).double()

    def run(W, b, V_1, c_1, V_2, c_2):
        z = torch.relu(h @ W.T + b)
        return z, torch.relu(z @ V_1.T + c_1) @ V_2.T + c_2

    def same(a, b):
        return torch.allclose(a, b.double(), rtol=1e-4, atol=1e-5)

    z, output = run(*(value.double() for value in given))
    for factor in (10.0, 3.0):
        answer = call(function, *(value.clone() for value in given), factor)
        if not isinstance(answer, (tuple, list)) or len(answer) != 6:
            raise BadAnswer(
                "what your function returns should be six tensors, W, b, V_1, c_1, V_2, c_2, "
                f"but it is {describe(answer)}"
            )
        names = ("W", "b", "V_1", "c_1", "V_2", "c_2")
        new = [tensor(v, s, f"your {name}") for v, s, name in zip(answer, shapes, names, strict=True)]
        new_W, new_b, new_V_1, new_c_1, new_V_2, new_c_2 = new
        if not all(value.isfinite().all() for value in new):
            return wrong("some of your numbers are NaN or infinite.")
        if not torch.allclose(new_V_1.norm(dim=0), torch.ones(d).double(), atol=1e-4):
            return wrong("the columns of V_1 must keep length one. Leave V_1 alone: who else can take the factor back?")
        new_z, new_output = run(*new)
        ratio = (z.sum() / new_z.sum().clamp(min=1e-12)).item()
        if close(ratio, 1):
            return wrong("the code is as large as before. Its L1 norm should be `factor` times lower.")
        if close(ratio, 1 / factor):
            return wrong("the code became `factor` times larger. Divide W and b.")
        if same(new_W, W / factor) and same(new_b, b):
            return wrong("you divided W but not b: max(0, W h + b) shrinks only if the whole sum does.")
        if same(new_W, W) and same(new_b, b / factor):
            return wrong("you divided b but not W: max(0, W h + b) shrinks only if the whole sum does.")
        if not close(ratio, factor):
            return wrong("the L1 norm of the code is not `factor` times lower: divide both W and b by it.")
        if same(new_output, output):
            continue
        if same(new_V_2, V_2) and same(new_c_2, c_2):
            return wrong(
                "the output changed: nothing takes the factor back. The hidden layer is smaller; V_2 can amplify it."
            )
        if same(new_V_2, V_2 / factor):
            return wrong("you divided V_2. It has to take the factor back: multiply.")
        if same(new_V_2, V_2 * factor) and same(new_c_2, c_2) and same(new_c_1, c_1):
            return wrong("the output changed: c_1 is added to V_1 z, which is smaller now. Shrink c_1 as much.")
        if same(new_V_2, V_2 * factor) and same(new_c_2, c_2) and same(new_c_1, c_1 * factor):
            return wrong("the output changed: V_1 z became smaller, so c_1 has to shrink, not to grow.")
        if same(new_V_2, V_2 * factor) and not same(new_c_2, c_2):
            return wrong("the output changed: c_2 is added after the factor was taken back. Leave it alone.")
        return wrong(
            "the code shrinks as it should, but the output changed. Follow the factor through each ReLU in turn."
        )
    return right("unit columns close the loophole only where no later layer can amplify: hence the linear dictionary.")
