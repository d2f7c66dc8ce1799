"""An explanation as plain data for JSON: what other programs and pages read."""

from __future__ import annotations

import math
from typing import Any

from glassnet.explanation.arithmetic import Expression, Leaf
from glassnet.explanation.digits import in_numbers
from glassnet.explanation.record import Cell, Corner, Explanation, Operand, Step


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """Give an explanation as plain data; inf and nan become text, an array's value None."""
    array = explanation.array
    return {
        "what": explanation.what,
        "value": _number(explanation.value) if array is None else None,
        "printed": explanation.result,
        "origin": explanation.origin,
        "equation": explanation.equation,
        "note": explanation.note,
        "steps": [_step(step) for step in explanation.steps],
        "operands": [_operand(operand) for operand in explanation.operands],
        "remarks": list(explanation.remarks),
        "array": None if array is None else _corner(array),
    }


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(value)


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "value": _number(step.value),
        "printed": step.result,
        "digits": step.digits,
        "letters": step.letters,
        "numbers": step.numbers,
        "words": list(step.words),
        "tree": tree(step.expression, step.operand_digits),
    }


def tree(expression: Expression, digits: int) -> dict[str, Any]:
    """Give a calculation as nested objects: operations with parts, and named numbers.

    >>> from glassnet.explanation.arithmetic import Operation
    >>> tree(Operation("exp", (Leaf("z", 0.0),), 1.0), 4)["parts"]
    [{'kind': 'made', 'name': 'z', 'value': 0.0, 'printed': '0'}]
    """
    value = _number(expression.value)
    if isinstance(expression, Leaf):
        shown = in_numbers(expression, digits)
        return {
            "kind": expression.kind,
            "name": expression.letters,
            "value": value,
            "printed": shown,
        }
    parts = [tree(part, digits) for part in expression.parts]
    return {"operation": expression.name, "value": value, "parts": parts}


def _operand(operand: Operand) -> dict[str, Any]:
    return {**_cell(Cell(operand.name, operand.result, operand.value)), "origin": operand.origin}


def _cell(cell: Cell) -> dict[str, Any]:
    return {"name": cell.name, "value": _number(cell.value), "printed": cell.result}


def _corner(array: Corner) -> dict[str, Any]:
    return {
        "shape": list(array.shape),
        "axes": list(array.axes),
        "cells": [[_cell(cell) for cell in row] for row in array.cells],
        "left_out": array.left_out,
    }
