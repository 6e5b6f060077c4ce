"""Pure polars expressions from cells of text to values of the unified contract.

Every function takes a column's name or an expression of String (null or "" is empty) and gives an expression. What
cannot be read is null; whether that is an error is said elsewhere, as «written, yet not readable»:
`text.clean(cell).is_not_null() & parsed.is_null()`.
"""
