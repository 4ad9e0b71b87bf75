"""Types and shapes of the whole package, checked while tests run, at little cost.

jaxtyping's hook (`--jaxtyping-packages`) puts `jaxtyping.jaxtyped` around each function and dataclass as it is
imported: every call binds its signature and checks its arguments twice. Where no shape is given there is nothing to
bind, and beartype alone checks the same types. Imported before letterlab, this module sees to that.
"""

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial
from typing import Any

import jaxtyping
from beartype import beartype

_jaxtyped = jaxtyping.jaxtyped


def checked(given: Any = None, *, typechecker: Callable[..., Any]) -> Any:
    """In place of `jaxtyped`: the same checks of a function, or of what a dataclass is made from."""
    if given is None:
        return partial(checked, typechecker=typechecker)
    if not isinstance(given, type):
        return beartype(given) if _is_plain(given) else _jaxtyped(given, typechecker=typechecker)
    if is_dataclass(given) and "__init__" in vars(given):
        given.__init__ = checked(given.__init__, typechecker=typechecker)
    return given


def _is_plain(function: Callable[..., Any]) -> bool:
    """Whether no shape is named in the signature, and nothing that would have to be looked up by its name."""
    signature = inspect.signature(function)
    hints = [signature.return_annotation, *(one.annotation for one in signature.parameters.values())]
    return not any(isinstance(hint, str) or "jaxtyping." in repr(hint) or "ForwardRef" in repr(hint) for hint in hints)


jaxtyping.jaxtyped = checked
