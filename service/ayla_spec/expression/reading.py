"""Text to Python's syntax tree, of a size that can be walked without fear. Nothing is evaluated here or later."""

import ast
from collections.abc import Iterator

from ayla_spec.expression.errors import ExpressionError
from ayla_spec.expression.hints import sign_hint, syntax_hint
from ayla_spec.limits import MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_LENGTH, MAX_EXPRESSION_NODES


def read(source: str) -> ast.expr:
    """The syntax tree of ``source``.

    Raises:
        ExpressionError: if the text is too long, not Python's syntax, too large or nested too deeply.
    """
    _check_text(source)
    text = source.strip()
    before = source.index(text)
    body = _python_tree(text, before)
    _check_size(body)
    _check_numbers(body, text, before)
    _move(body, before)
    return body


def _check_text(source: str) -> None:
    if not source.strip():
        raise ExpressionError("The expression is empty; write for example 'x**2 + y**2'.")
    if len(source) > MAX_EXPRESSION_LENGTH:
        raise ExpressionError(
            f"The expression has {len(source)} characters; at most {MAX_EXPRESSION_LENGTH} are allowed."
        )
    if "#" in source:
        raise ExpressionError(f"Column {source.index('#') + 1}: comments are not allowed; remove '#' and what follows.")
    for position, character in enumerate(source, start=1):
        if not " " <= character <= "~":
            raise ExpressionError(
                f"Character {position} ({character!a}) is not printable ASCII; "
                f"write the expression on one line in plain letters.{sign_hint(character)}"
            )


def _check_numbers(body: ast.expr, text: str, before: int) -> None:
    """Refuse what Python reads as 0, though it is written as another number."""
    for node in ast.walk(body):
        if isinstance(node, ast.Constant) and type(node.value) is float and node.value == 0:
            written = text[node.col_offset : node.end_col_offset]
            if set(written.lower().partition("e")[0]) & set("123456789"):
                raise ExpressionError(
                    f"Column {before + node.col_offset + 1}: the number {written[:40]} is too small; "
                    "the smallest above 0 is 4.9e-324."
                )


def _move(body: ast.expr, columns: int) -> None:
    """Let the columns of a tree count the blanks before the text, which Python would take for an indented line."""
    for node in ast.walk(body):
        if isinstance(node, ast.expr):
            node.col_offset += columns
            node.end_col_offset = (node.end_col_offset or 0) + columns


def _python_tree(source: str, before: int) -> ast.expr:
    try:
        return ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError) as error:
        raise ExpressionError(_too_deep()) from error
    except SyntaxError as error:
        if "too many nested" in str(error):
            raise ExpressionError(_too_deep()) from error
        raise _not_syntax(source, before, error) from error
    except (ValueError, OverflowError) as error:
        raise ExpressionError("The expression holds a number that cannot be read.") from error


def _not_syntax(source: str, before: int, error: SyntaxError) -> ExpressionError:
    place = error.offset or len(source) + 1  # 0 where Python finds the text ended too early
    return syntax_hint(" " * before + source) or ExpressionError(
        f"Not a valid expression near column {before + place}; "
        "use numbers, variables, + - * / **, parentheses and function calls."
    )


def _too_deep() -> str:
    return f"The expression is nested too deeply; at most {MAX_EXPRESSION_DEPTH} levels are allowed."


def _check_size(body: ast.expr) -> None:
    """Count nodes and depth without recursion. A chain such as a + b + c is one level, however long."""
    count, stack = 0, [(body, 1)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if count > MAX_EXPRESSION_NODES:
            raise ExpressionError(
                f"The expression has more than {MAX_EXPRESSION_NODES} terms and operators; shorten it."
            )
        if depth > MAX_EXPRESSION_DEPTH:
            raise ExpressionError(_too_deep())
        stack.extend((child, depth if _continues_chain(node, child) else depth + 1) for child in _children(node))


def _children(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions directly below ``node``; the clauses of a generator are looked through."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.comprehension):
            yield from _children(child)


def _continues_chain(node: ast.expr, child: ast.expr) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(child, ast.BinOp)
        and child is node.left
        and not isinstance(child.op, ast.Pow)
    )
