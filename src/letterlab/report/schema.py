"""Values as JSON and the JSON Schema of it, both told by the values' types: neither can fall behind the other."""

import ast
import inspect
import math
import textwrap
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def plain(value: Any) -> Any:
    """A value in what JSON knows: NaN, which stands for what is not known, becomes null.

    A dataclass or named tuple becomes an object of its fields and its verdicts, the properties that are true or false.
    """
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    kind: Any = type(value)
    if _is_record(kind):
        return {name: plain(getattr(value, name)) for name in _members(kind)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return None if isinstance(value, float) and math.isnan(value) else value


def schema_of(kind: type, identity: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `plain` makes of a dataclass; docstrings are its descriptions.

    Raises:
        TypeError: a field has a type that `plain` or this does not know, or two classes in it have one name.
    """
    definitions: dict[str, Any] = {}
    owners: dict[str, type] = {}
    top = _schema(kind, definitions, owners)["$ref"].rpartition("/")[2]
    whole = definitions.pop(top)
    return {"$schema": DIALECT, "$id": identity, "title": top, **whole, "$defs": dict(sorted(definitions.items()))}


def _schema(kind: Any, definitions: dict[str, Any], owners: dict[str, type]) -> dict[str, Any]:
    """The schema of a type; those of the classes in it go into `definitions`, under the names of their owners."""

    def of(one: Any) -> dict[str, Any]:
        return _schema(one, definitions, owners)

    origin, given = get_origin(kind), get_args(kind)
    if kind in (bool, int, str, type(None)):
        return {"type": {bool: "boolean", int: "integer", str: "string", type(None): "null"}[kind]}
    if kind is float:
        return {"type": ["number", "null"]}
    if origin is Literal:
        return {"enum": list(given)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [of(one) for one in given]}
    if origin is tuple and given[-1] is not Ellipsis:
        return {"type": "array", "prefixItems": [of(one) for one in given], "minItems": len(given), "items": False}
    if origin in (tuple, list):
        return {"type": "array", "items": of(given[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": of(given[1])}
    from jaxtyping import AbstractArray  # whose shapes are the annotations then: letterlab.shapes

    if inspect.isclass(kind) and issubclass(kind, AbstractArray):
        return _of_array(kind)
    if not (inspect.isclass(kind) and (_is_record(kind) or issubclass(kind, BaseModel))):
        raise TypeError(f"There is no schema of {kind}.")
    name = kind.__name__
    if owners.setdefault(name, kind) is not kind:
        raise TypeError(f"Two classes are called {name}: {owners[name]} and {kind}.")
    if name not in definitions:
        definitions[name] = {}
        if issubclass(kind, BaseModel):
            found = kind.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")
            definitions |= found.pop("$defs", {}) | {name: found}
        else:
            definitions[name] = _of_record(kind, of)
    return {"$ref": f"#/$defs/{name}"}


def _of_record(kind: type, of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    told = _told(kind)
    members = _members(kind)
    return {
        "type": "object",
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "properties": {
            name: of(hint) | ({"description": told[name]} if name in told else {}) for name, hint in members.items()
        },
        "required": list(members),
    }


def _of_array(kind: Any) -> dict[str, Any]:
    """Arrays in arrays; a length is given where the type gives it."""
    item: dict[str, Any] = {"type": ["number", "null"]}
    if all("int" in dtype for dtype in kind.dtypes):
        item = {"type": "integer"}
    elif all("bool" in dtype for dtype in kind.dtypes):
        item = {"type": "boolean"}
    for length in reversed(kind.dim_str.split()):
        size = {"minItems": int(length), "maxItems": int(length)} if length.isdigit() else {}
        item = {"type": "array", "items": item, **size}
    return item


def _is_record(kind: type) -> bool:
    return is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


@cache
def _members(kind: Any) -> dict[str, Any]:
    """What an object has, with its type: the fields, then the verdicts."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else list(kind._fields)
    getters = {name: one.fget for name, one in inspect.getmembers(kind, lambda one: isinstance(one, property))}
    verdicts = [name for name, getter in getters.items() if getter and get_type_hints(getter).get("return") is bool]
    return {name: hints[name] for name in names} | dict.fromkeys(verdicts, bool)


def _told(kind: type) -> dict[str, str]:
    """The docstrings that stand below the fields of a class and of those it extends, and its properties' own."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if not _is_record(one):
            continue
        [body] = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name] = inspect.cleandoc(text)
    for name, one in inspect.getmembers(kind, lambda one: isinstance(one, property)):
        found[name] = inspect.cleandoc(one.__doc__ or "")
    return found
