"""While tests run, the package refuses what is of a wrong type or shape, wherever it is given."""

import numpy as np
import pytest
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import TypeCheckError

from letterlab.evaluation import rate
from letterlab.letterset import LetterSet, SetAside
from letterlab.report.pictures import data_uri


@pytest.mark.parametrize("call", [lambda: rate("all", 3), lambda: SetAside("x", None), lambda: SetAside(3, "damaged")])
def test_types_where_there_are_no_shapes(call):
    with pytest.raises((BeartypeCallHintViolation, TypeCheckError)):
        call()


def test_shapes_and_that_they_agree():
    with pytest.raises(TypeCheckError):
        data_uri(np.zeros((2, 3, 4), np.uint8))
    with pytest.raises(TypeCheckError):
        data_uri(np.zeros((2, 3)))
    images, labels = np.zeros((3, 28, 28), np.uint8), np.zeros(2, np.uint8)
    with pytest.raises(TypeCheckError):
        LetterSet(images, labels, np.array(["a", "b", "c"]), "f")
