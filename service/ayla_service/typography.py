"""Signs of numbers in texts that are set: a real minus, and powers of ten."""

MINUS = "\N{MINUS SIGN}"

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """A power as it is printed: 10⁻⁵."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"
