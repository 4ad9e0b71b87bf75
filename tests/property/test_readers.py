"""Whatever bytes a file has, its reader gives a value or one sentence; never another error, never another file."""

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers import LENGTHS, READERS, examine


@cache
def files(name):
    return READERS[name].valid()


@pytest.mark.parametrize("name", sorted(READERS.keys() - {"weights"}))
def test_whole_files_are_read(name):
    for content in files(name):
        examine(name, content, whole=True)


@st.composite
def changed(draw, whole):
    """A whole file, cut, with bits flipped, numbers put in, parts repeated, or pieces of another in it."""
    content = bytearray(draw(st.sampled_from(whole)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 200)) | st.just(len(content)))
        match draw(st.sampled_from(["cut", "flip", "number", "repeat", "splice", "bytes"])):
            case "cut":
                del content[start:end]
            case "flip" if start < len(content):
                content[start] ^= 1 << draw(st.integers(0, 7))
            case "number":
                number = draw(st.sampled_from(LENGTHS))
                content[start : start + len(number)] = number
            case "repeat":
                content[start:end] = content[start:end] * draw(st.integers(2, 30))
            case "splice":
                other = draw(st.sampled_from(whole))
                begin = draw(st.integers(0, len(other)))
                content[start:end] = other[begin : begin + draw(st.integers(0, 200))]
            case "bytes":
                content[start:end] = draw(st.binary(max_size=20))
        content = content[:100_000]
    return bytes(content)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_are_read_or_refused_in_a_sentence(name, data):
    examine(name, data.draw(st.binary(max_size=200) | changed(files(name)) | changed(files(name))))
