"""Euclidean norms that a plain sum of squares cannot hold, and the factor that clips to a norm.

The plain sum decides wherever it is finite and neither 0 nor subnormal. Elsewhere the norm is taken again from
components that are multiplied by a power of two first: squares of 1e160 are infinite in float64, those of 1e20 in
float32. The kernels do the same in ``native/norms.c``, with the numbers of ``SPANS``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds beyond which the squares of a type leave its range; all powers of two.

    Attributes:
        least: the smallest norm whose square is a normal number.
        large: the smallest norm whose square is infinite.
        shrink: what components are multiplied by where the sum is infinite.
        grow: what they are multiplied by where it is 0 or subnormal.
    """

    least: float
    large: float
    shrink: float
    grow: float


SPANS = {
    torch.float64: Span(least=2.0**-511, large=2.0**512, shrink=2.0**-600, grow=2.0**700),
    torch.float32: Span(least=2.0**-63, large=2.0**64, shrink=2.0**-80, grow=2.0**100),
}

OFFSET = 1e-6
"""Added to the norm that is clipped, as ``torch.nn.utils.clip_grad_norm_`` does."""


@dataclass(frozen=True, slots=True)
class Norm:
    """Norms of some vectors, shape [rows].

    Attributes:
        whole: the norms; infinite where they are beyond the range of the type.
        reduced: the same times ``shrink``, finite for every vector of finite numbers; None where the plain sum decides
            for every row, which is known on a CPU only.
    """

    whole: Tensor
    reduced: Tensor | None


def norm_of(vectors: Tensor) -> Norm:
    """Norms of vectors of shape [rows, components], float32 or float64; NaN and infinity are handed on.

    Never waits for a GPU: there the second sum is taken in any case.
    """
    span = SPANS[vectors.dtype]
    plain = torch.linalg.vector_norm(vectors, dim=1)
    if vectors.device.type == "cpu" and _is_ordinary(plain, span):
        return Norm(plain, None)
    large, small = plain >= span.large, plain < span.least
    factor = torch.ones_like(plain).masked_fill_(large, span.shrink).masked_fill_(small, span.grow)
    again = torch.linalg.vector_norm(vectors * factor.unsqueeze(1), dim=1)
    whole = torch.where(large | small, again / factor, plain)
    return Norm(whole, torch.where(large, again, plain * span.shrink))


def _is_ordinary(plain: Tensor, span: Span) -> bool:
    least, most = plain.aminmax()
    return least.item() >= span.least and most.item() < span.large


def clipped(vectors: Tensor, longest: Tensor) -> Tensor:
    """Vectors of shape [rows, components], those above a norm scaled down to it.

    Args:
        vectors: of finite numbers; NaN and infinity are handed on, as NaN.
        longest: the norm of each row, shape [rows, 1]; infinite for rows that are left alone.
    """
    norm = norm_of(vectors)
    size = norm.whole.unsqueeze(1)
    if norm.reduced is None:
        return vectors * _factor(size, 1.0, longest)[0]
    # Where the norm or its share in the bound leaves the range of the type, the vector is multiplied in two steps.
    span = SPANS[vectors.dtype]
    large = size >= span.large
    unit = torch.ones_like(size).masked_fill_(large, span.shrink)
    factor, short = _factor(torch.where(large, norm.reduced.unsqueeze(1), size), unit, longest)
    return vectors * unit.masked_fill_(short, 1.0) * factor


def _factor(size: Tensor, unit: Tensor | float, longest: Tensor) -> tuple[Tensor, Tensor]:
    """What vectors in some unit are multiplied by, and which are short enough: 1 for them, and without a bound."""
    factor = longest / (size + OFFSET * unit)
    short = longest.isinf() | (factor >= 1 / unit)
    return factor.masked_fill(short, 1.0), short
