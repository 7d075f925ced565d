"""Wrong answers to the judged exercises on the latent space, each with a part of its hint."""

WRONG = {
    "may_be_read": [
        ("AB", "gap as a hole"),
        ("ACEG", "reads sizes"),
        ({"A", "D"}, "reads distances"),
        (["F"], "reads the axes"),
        ("EG", "A is missing"),
        ("A, G", "E is missing"),
        ("a e", "G is missing"),
        ("BCDF", "other way round"),
        ("ABCDEFG", "gap as a hole"),
        ("", "A is missing"),
        ("AEX", "letters A to G"),
        (3, "should be letters"),
    ],
}
