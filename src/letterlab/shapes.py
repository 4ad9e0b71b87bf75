"""The shapes that annotations give: `UInt8[np.ndarray, "n 28 28"]`.

Where jaxtyping has been imported before letterlab, as by the tests, they are jaxtyping's and can be checked. Anywhere
else they stand for the array's own type: importing jaxtyping takes a tenth of the time of `letterlab read`.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Float,
        Float16,
        Float32,
        Float64,
        Int,
        Int16,
        Int32,
        Int64,
        Num,
        Shaped,
        UInt8,
    )
else:

    class Shaped:
        """An array of any shape and type."""

        def __class_getitem__(cls, array_and_shape: tuple[Any, str]) -> Any:
            """The array's type."""
            return array_and_shape[0]

    Bool = Float = Float16 = Float32 = Float64 = Int = Int16 = Int32 = Int64 = Num = UInt8 = Shaped

__all__ = [
    "Bool",
    "Float",
    "Float16",
    "Float32",
    "Float64",
    "Int",
    "Int16",
    "Int32",
    "Int64",
    "Num",
    "Shaped",
    "UInt8",
]
