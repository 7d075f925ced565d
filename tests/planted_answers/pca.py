"""Wrong answers that the checks of chapter 3 must reject, with part of the hint."""

WRONG = {}
