"""Texts in CSV that a spreadsheet would run as formulas, made harmless."""

import pyarrow as pa
import pyarrow.compute as pc

# What OWASP lists under "CSV injection": = + - @, tab and line ends, and the wide forms that some spreadsheets take for
# them; blanks and quotation marks before a sign are passed over, as some spreadsheets do. Where decimals have a comma,
# spreadsheets end a cell at each semicolon, and what comes after it is a cell of its own.
_FORMULA = r"""(^|;)([\t\r\n]|[\s\pZ"']*[=+\-@＝＋－＠])"""


def harmless(texts: pa.Array) -> pa.Array:
    """The same texts, with an apostrophe before each that a spreadsheet could take for a formula.

    So it is with what follows a semicolon. What begins with apostrophes and a sign gets one more, so that taking one
    away gives the text back.

    Args:
        texts: strings, or a dictionary of strings; null stays null.
    """
    if pa.types.is_dictionary(texts.type):
        return pa.DictionaryArray.from_arrays(texts.indices, harmless(texts.dictionary))
    return pc.replace_substring_regex(texts, _FORMULA, r"\1'\2")
