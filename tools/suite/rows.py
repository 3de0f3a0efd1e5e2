# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the report: a value, what was hoped for, and whether it was seen."""

import dataclasses
import json
import typing


@dataclasses.dataclass
class Row:
    """What was measured. A target is a bound in the direction that `sense` says."""

    what: str
    value: typing.Optional[float] = None
    unit: str = "x"
    low: typing.Optional[float] = None   # quartiles of the pairs
    high: typing.Optional[float] = None
    target: typing.Optional[float] = None
    sense: str = ">="
    command: str = ""
    note: str = ""

    def met(self):
        """True, False, or None without a target or a value."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.sense == ">=" else self.value <= self.target

    def verdict(self):
        met = self.met()
        if met is None:
            return "not measured" if self.value is None else ""
        return "met" if met else "MISSED"

    def as_dict(self):
        return {**dataclasses.asdict(self), "met": self.met()}


def number(value):
    """Three significant digits and no exponent."""
    if value is None:
        return "-"
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


def line(row):
    spread = "" if row.low is None else f"{number(row.low)} to {number(row.high)}"
    target = "" if row.target is None else f"{row.sense} {number(row.target)} {row.unit}"
    text = f"{row.what:<66} {number(row.value):>7} {row.unit:<4} {spread:>15}  {target:<12} " \
           f"{row.verdict()}"
    return text.rstrip() + (f"\n    ({row.note})" if row.note else "")


def objects(text):
    """The JSON objects in a program's output, one a line; other lines are left out."""
    found = []
    for one in text.splitlines():
        if one.startswith("{"):
            try:
                found.append(json.loads(one))
            except ValueError:
                pass
    return found


def summary(rows):
    """How many targets there were, were met and could not be measured."""
    judged = [row for row in rows if row.target is not None]
    met = sum(row.met() is True for row in judged)
    blank = sum(row.value is None for row in judged)
    return f"{len(judged)} targets: {met} met, {len(judged) - met - blank} missed, " \
           f"{blank} not measured"
