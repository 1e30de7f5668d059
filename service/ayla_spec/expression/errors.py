"""The one error of the expression language, and where in the text it is."""

import ast


class ExpressionError(ValueError):
    """The text is not an expression of this language; the message says where and what would be right."""


def column_of(node: ast.expr) -> int:
    """The column of the source, counted from 1, where ``node`` begins."""
    return node.col_offset + 1


def error_at(node: ast.expr, message: str) -> ExpressionError:
    """An error that names the column where ``node`` begins."""
    return error_in(column_of(node), message)


def error_in(column: int, message: str) -> ExpressionError:
    """An error that names a column of the source, counted from 1."""
    return ExpressionError(f"Column {column}: {message}")


def shown(name: str) -> str:
    """A name of the source for a message, in quotes and cut if long."""
    return f"'{name[:40]}'"


def listed(names: list[str]) -> str:
    """Names for a message, the first few of many."""
    few = ", ".join(names[:8])
    return f"{few}, … ({len(names)} in all)" if len(names) > 8 else few or "none"
