"""Wrong answers to the judged exercises on sparse codes, each with a part of its hint."""


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
