"""Wrong answers that the checks of chapter 2 must reject, with part of the hint."""

WRONG = {}
