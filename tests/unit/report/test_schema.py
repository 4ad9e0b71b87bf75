"""Values become JSON, and their types its schema; the two agree."""

import json
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jsonschema
import numpy as np
import pytest
from jaxtyping import Bool, Float, Int
from pydantic import BaseModel

from letterlab.report.schema import plain, schema_of


class Place(NamedTuple):
    """Where it is."""

    x: int
    """From the left."""
    y: float


class Setting(BaseModel):
    """A model of pydantic's."""

    rate: float = 0.1


@dataclass(frozen=True)
class Inner:
    """What is within."""

    name: str
    """Its name,
    over two lines."""


@dataclass(frozen=True)
class Outer(Inner):
    """What is around."""

    place: Place
    settings: dict[str, Setting]
    several: tuple[Inner, ...]
    two: tuple[str, int]
    kind: Literal["a", "b"]
    perhaps: int | None
    counts: Int[np.ndarray, "2 n"]
    right: Bool[np.ndarray, "n"]
    shares: Float[np.ndarray, "n"]
    by_number: dict[int, float]

    @property
    def good(self) -> bool:
        """Whether it is good."""
        return self.name == "outer"

    @property
    def length(self) -> int:
        """No verdict, and not written."""
        return len(self.name)


def outer(**given: Any) -> Outer:
    values = {
        "name": "outer",
        "place": Place(1, float("nan")),
        "settings": {"one": Setting(rate=0.5)},
        "several": (Inner("x"), Inner("y")),
        "two": ("z", 3),
        "kind": "a",
        "perhaps": None,
        "counts": np.array([[1, 2, 3], [4, 5, 6]]),
        "right": np.array([True, False, True]),
        "shares": np.array([0.5, np.nan, 1.0]),
        "by_number": {2: 0.25},
    }
    return Outer(**values | given)


def test_a_value_becomes_what_json_knows():
    assert plain(outer()) == {
        "name": "outer",
        "place": {"x": 1, "y": None},
        "settings": {"one": {"rate": 0.5}},
        "several": [{"name": "x"}, {"name": "y"}],
        "two": ["z", 3],
        "kind": "a",
        "perhaps": None,
        "counts": [[1, 2, 3], [4, 5, 6]],
        "right": [True, False, True],
        "shares": [0.5, None, 1.0],
        "by_number": {"2": 0.25},
        "good": True,
    }
    assert json.loads(json.dumps(plain(outer()), allow_nan=False)) == plain(outer())


def test_the_schema_is_one_and_holds_what_is_written():
    schema = schema_of(Outer, "urn:test:1")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schema["$id"], schema["title"], schema["$schema"]) == (
        "urn:test:1",
        "Outer",
        jsonschema.Draft202012Validator.META_SCHEMA["$id"],
    )
    jsonschema.Draft202012Validator(schema).validate(plain(outer()))
    assert set(schema["$defs"]) == {"Inner", "Place", "Setting"}
    assert schema["required"] == list(plain(outer()))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), 3),
        (("place", "x"), 1.5),
        (("place",), [1, None]),
        (("settings", "one", "rate"), "fast"),
        (("several",), [{"name": 1}]),
        (("two",), ["z"]),
        (("two",), ["z", 3, 4]),
        (("two",), [3, "z"]),
        (("kind",), "c"),
        (("perhaps",), "no"),
        (("counts",), [[1, 2]]),
        (("counts",), [[1.5], [2]]),
        (("right",), [1]),
        (("shares",), ["much"]),
        (("by_number",), {"2": "x"}),
        (("good",), None),
    ],
)
def test_the_schema_refuses_what_is_of_another_type(place, value):
    wrong = plain(outer())
    within = wrong
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = value
    assert not jsonschema.Draft202012Validator(schema_of(Outer, "urn:test:1")).is_valid(wrong)


def test_docstrings_are_its_descriptions():
    schema = schema_of(Outer, "urn:test:1")
    assert schema["description"] == "What is around."
    assert schema["properties"]["name"]["description"] == "Its name,\nover two lines."
    assert schema["properties"]["good"] == {"type": "boolean", "description": "Whether it is good."}
    assert "description" not in schema["properties"]["kind"]
    assert schema["$defs"]["Place"]["description"] == "Where it is."
    assert schema["$defs"]["Place"]["properties"]["x"] == {"type": "integer", "description": "From the left."}


def test_what_it_does_not_know_it_refuses():
    @dataclass
    class Odd:
        """Odd."""

        when: complex

    with pytest.raises(TypeError, match="no schema of <class 'complex'>"):
        schema_of(Odd, "urn:test:1")

    def another() -> type:
        @dataclass
        class Inner:
            """Of the same name."""

            size: int

        return Inner

    @dataclass
    class Both:
        """Two of one name."""

        one: Inner
        other: another()

    with pytest.raises(TypeError, match="Two classes are called Inner"):
        schema_of(Both, "urn:test:1")
