"""Wrong answers that the checks of chapter 5 must reject, with part of the hint."""

import torch


def keep(z, count, **options):
    """The `count` largest numbers of the whole batch."""
    values, places = z.flatten().topk(count, **options)
    return torch.zeros(z.numel()).scatter(0, places, values).reshape(z.shape)


def keep_along(z, k, dim):
    values, places = z.topk(k, dim=dim)
    return torch.zeros_like(z).scatter(dim, places, values)


def living(z):
    return (z != 0).any(0)


def dodge(**changed):
    """The right answer, but for the tensors that are named: functions of the old value and the factor."""
    parts = {
        "W": lambda v, f: v / f,
        "b": lambda v, f: v / f,
        "V_1": lambda v, f: v,
        "c_1": lambda v, f: v / f,
        "V_2": lambda v, f: v * f,
        "c_2": lambda v, f: v,
    } | changed

    def answer(*given):
        *tensors, factor = given
        return tuple(part(tensor, factor) for part, tensor in zip(parts.values(), tensors, strict=True))

    return answer


def times(v, f):
    return v * f


def over(v, f):
    return v / f


def untouched(v, f):
    return v


WRONG = {
    "same_penalty": [
        (1e-3, "32 times heavier"),
        (1e-3 * 32, "wrong way round"),
        (1e-3 / 64, "the batch cancels"),
        (1e-3 / (64 * 32), "only one of your two divisions"),
        (1e-3 / 784, "784 counts pixels"),
        (1 / 32, "ratio of the two weights"),
        (32, "ratio of the two penalties"),
        (1e-3 / 32**0.5, "no root"),
        (1e-4, "sums over the images"),
    ],
    "l0": [
        (lambda z: (z != 0).float().mean(), "goes up to d"),
        (lambda z: (z == 0).sum(1).float().mean(), "counted the zeros"),
        (lambda z: (z == 0).float().mean(), "and as a share"),
        (lambda z: (z != 0).sum(), "whole batch"),
        (lambda z: (z > 0).sum(1).float().mean(), "negative numbers"),
        (lambda z: (z != 0).sum(0).float().mean(), "dimension 1"),
        (lambda z: (z != 0).any(0).sum(), "*some* image"),
        (lambda z: z.abs().sum(1).mean(), "that is L1"),
        (lambda z: (z.abs() > 1e-3).sum(1).float().mean(), "Small is not zero"),
        (lambda z: (z != 0).sum(1), "Average them"),
        (lambda z: 16, "differ from 0"),
    ],
    "living_zeros": [
        (lambda z: (z == 0).float().mean(), "still in it"),
        (lambda z: (z[:, living(z)] != 0).float().mean(), "*not* zero"),
        (lambda z: 1 - living(z).float().mean(), "share of dead units"),
        (lambda z: living(z).float().mean(), "share of living units"),
        (lambda z: (z[(z != 0).any(1)] == 0).float().mean(), "dimension 0"),
        (lambda z: (z[:, z[0] != 0] == 0).float().mean(), "first image"),
        (lambda z: (z[:, (z != 0).all(0)] == 0).float().mean(), "never zero"),
        (lambda z: (z[:, (z > 0).any(0)] == 0).float().mean(), "only ever negative"),
        (lambda z: (z[:, z.sum(0) > 0] == 0).float().mean(), "negative sum"),
        (lambda z: 100 * (z[:, living(z)] == 0).float().mean(), "in percent"),
        (lambda z: (z[:, living(z)] == 0).sum(), "number of zeros"),
        (lambda z: (z[:, living(z)] == 0).sum(1).float().mean(), "for each image"),
        (lambda z: (z[:, living(z)] == 0).sum() / z.numel(), "numbers of all"),
        (lambda z: 0.5, "select the columns"),
        (lambda z: living(z), "should be a number"),
    ],
    "batch_top_k": [
        (lambda z, k: keep_along(z, k, 1), "for each image"),
        (lambda z, k: keep_along(z, k, 0), "of each unit"),
        (lambda z, k: keep(z, k), "k numbers of the whole batch"),
        (lambda z, k: keep(z, k * z.shape[1]), "d·k"),
        (lambda z, k: torch.where(z > z.flatten().topk(len(z) * k).values.min(), z, 0), "one number too few"),
        (lambda z, k: keep(z, k * len(z) + 1), "one number too many"),
        (lambda z, k: keep(z, k * len(z), largest=False), "smallest"),
        (lambda z, k: (keep(z, k * len(z)) > 0).float(), "not a mask"),
        (lambda z, k: z - keep(z, k * len(z)), "wrong way round"),
        (lambda z, k: z, "nothing was set to zero"),
        (lambda z, k: keep(z, k * len(z)).flatten(), "shape"),
        (lambda z, k: keep(z, k * len(z)) / 2, "put them back"),
    ],
    "dodge": [
        (dodge(V_1=times, V_2=untouched, c_1=untouched), "keep length one"),
        (dodge(W=untouched, b=untouched, c_1=untouched, V_2=untouched), "as large as before"),
        (dodge(W=times, b=times), "times larger"),
        (dodge(b=untouched), "divided W but not b"),
        (dodge(W=untouched), "divided b but not W"),
        (dodge(W=lambda v, f: v / f**2, b=lambda v, f: v / f**2), "divide both W and b"),
        (dodge(V_2=untouched), "nothing takes the factor back"),
        (dodge(V_2=over), "you divided V_2"),
        (dodge(c_1=untouched), "Shrink c_1 as much"),
        (dodge(c_1=times), "not to grow"),
        (dodge(c_2=times), "Leave it alone"),
        (dodge(c_2=over), "Leave it alone"),
        (dodge(V_2=lambda v, f: v * f**2), "each ReLU in turn"),
        (lambda *given: given[:-1][:5], "six tensors"),
        (lambda *given: given[0], "six tensors"),
    ],
}
