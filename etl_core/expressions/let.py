"""Name the value of an expression, so that a long one that is needed several times is computed and planned once."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def let(body: Callable[..., pl.Expr], *values: pl.Expr) -> pl.Expr:
    """Evaluate `values`, then `body` over their results; the output keeps the name of the first value.

    An expression that mentions another one twice holds it twice, and nesting doubles the plan each time: the check
    digit alone would mention the cell some hundred times. Inside `body` only its own arguments stand for values; the
    arguments of an enclosing `let` must be handed in again.

    Args:
        body: takes as many expressions as there are values and builds the result.
        values: expressions of equal length, or literals.
    """
    names = [f"value_{place}" for place in range(len(values))]
    bound = pl.struct(value.alias(name) for name, value in zip(names, values, strict=True))
    result = body(*(pl.field(name) for name in names)).alias("result")
    named = bound.struct.with_fields(result).struct.field("result")
    output = values[0].meta.output_name(raise_if_undetermined=False)
    return named if output is None else named.alias(output)
