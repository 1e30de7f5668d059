"""Text to a checked tree, by Python's own ``ast`` and a whitelist; nothing is ever evaluated by Python."""

from collections.abc import Mapping

from ayla_spec.expression.conversion import convert
from ayla_spec.expression.nodes import Expression, Variable
from ayla_spec.expression.reading import read
from ayla_spec.expression.scope import ExpansionQuota, NameScope


def parse(source: str, variables: Mapping[str, int | None], quota: ExpansionQuota | None = None) -> Expression:
    """Parse ``source`` as an expression over ``variables``.

    Args:
        source: at most ``MAX_EXPRESSION_LENGTH`` printable ASCII characters.
        variables: the names the expression may use besides functions and constants: None for a scalar, for a vector
            its length.
        quota: tells the caller afterwards how much work it was.

    Returns:
        The tree with every sum, product and mean unrolled; the elements of a vector x are variables named ``x[0]``,
        ``x[1]`` and so on.

    Raises:
        ExpressionError: on anything outside the language or its limits.
    """
    root = convert(read(source), NameScope(variables, quota=quota or ExpansionQuota()))
    used = dict.fromkeys(node.name for node in Expression(source, (), root).postfix() if isinstance(node, Variable))
    return Expression(source, tuple(used), root)
