"""Networks as ONNX files, and what they say of themselves."""

import json

import onnx
import pytest

from letterlab.checksum import UNSEALED, sealed
from letterlab.errors import LetterlabError
from letterlab.recognise.model import SHIPPED, open_model
from onnx_models import METADATA, bars


def test_a_network_says_what_it_is(tmp_path):
    model = open_model(bars(tmp_path / "bars.onnx", no_letter=True, refusal=0.7))
    assert vars(model.metadata) == {
        name: value for name, value in (METADATA | {"no_letter": True, "refusal": 0.7}).items() if name != "format"
    }


def test_another_network_has_another_fingerprint(tmp_path):
    one, same, other = (
        open_model(bars(tmp_path / name, letters=letters)).fingerprint
        for name, letters in (("1", "a"), ("2", "a"), ("3", "b"))
    )
    assert one == same != other


def test_the_network_that_is_shipped_can_be_opened():
    assert open_model(SHIPPED).metadata.classes == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"written": False}, "does not say which letters it knows"),
        ({"format": 3}, "is of format 3, and this letterlab knows none above 2: update letterlab"),
        ({"format": 2}, r"is damaged \(its checksum is another\): export or copy it again"),
        ({"output": "scores_of_letters"}, "does not take pictures of 28x28"),
        ({"classes": "ABC"}, "does not take pictures of 28x28 and give probabilities of A to Z"),
    ],
)
def test_what_is_none_of_letterlabs_is_refused(tmp_path, changes, message):
    file = bars(tmp_path / "bars.onnx", **changes)
    with pytest.raises(LetterlabError, match=message) as caught:
        open_model(file)
    assert str(file) in str(caught.value)


def test_classes_that_are_not_those_it_says_are_refused(tmp_path):
    file = bars(tmp_path / "bars.onnx")
    _describe(file, json.dumps(METADATA | {"no_letter": True}))
    with pytest.raises(LetterlabError, match="does not take pictures"):
        open_model(file)


@pytest.mark.parametrize(
    "written",
    ["{", "[]", "{}", '{"format": 1}', '{"format": "one"}', '{"format": NaN}', "[" * 100_000]
    + [
        json.dumps(METADATA | wrong)
        for wrong in ({"no_letter": 1}, {"refusal": "0.5"}, {"parameters": True}, {"accuracy": []}, {"classes": None})
    ],
    ids=lambda written: written[-40:],
)
def test_a_damaged_description_is_refused(tmp_path, written):
    file = bars(tmp_path / "bars.onnx")
    _describe(file, written)
    with pytest.raises(LetterlabError, match=r"bars\.onnx says of itself is damaged: export it again"):
        open_model(file)


@pytest.mark.parametrize("name", ["classes", "pictures", "probabilities"])
def test_what_is_no_text_is_refused_without_a_word(tmp_path, capfd, name):
    file = bars(tmp_path / "bars.onnx")
    file.write_bytes(file.read_bytes().replace(name.encode(), b"\xff" + name[1:].encode()))
    with pytest.raises(LetterlabError, match=r"network .*bars\.onnx .* damaged"):
        open_model(file)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("location", ["other.bin", "../{folder}/other.bin", "{file}"])
def test_a_network_reads_no_other_file(tmp_path, monkeypatch, location):
    """ONNX Runtime would, from where the program runs, and outside of it as well."""
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other.bin"
    file = bars(tmp_path / "bars.onnx")
    model = onnx.load(file)
    weights = next(one for one in model.graph.initializer if one.name == "weights")
    other.write_bytes(weights.raw_data)
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location.format(folder=tmp_path.name, file=other))
    file.write_bytes(model.SerializeToString())
    with pytest.raises(LetterlabError, match=r"bars\.onnx keeps its numbers in other files, which are not read"):
        open_model(file)


@pytest.mark.parametrize("content", [b"", b"no network", None])
def test_what_is_no_onnx_file_is_refused_without_a_word_on_standard_error(tmp_path, capfd, content):
    file = bars(tmp_path / "bars.onnx")
    file.write_bytes(file.read_bytes()[:-200] if content is None else content)
    with pytest.raises(LetterlabError, match=r"bars\.onnx is no ONNX file, or a damaged one"):
        open_model(file)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LetterlabError, match=r"nowhere\.onnx cannot be read \(No such file or directory\)"):
        open_model(tmp_path / "nowhere.onnx")


def _describe(file, written):
    model = onnx.load(file)
    onnx.helper.set_model_props(model, {"letterlab": written})
    onnx.save(model, file)


def test_a_network_with_a_checksum_is_read_and_one_of_which_a_bit_has_changed_is_refused(tmp_path):
    file = bars(tmp_path / "bars.onnx")
    _describe(file, json.dumps(METADATA | {"format": 2, "checksum": UNSEALED}))
    content = sealed(file.read_bytes())
    file.write_bytes(content)
    assert open_model(file).metadata.letters == METADATA["letters"]
    weights = content.index(bytes(100))  # among the zeros that most of them are
    for place in (weights + 50, content.index(b"crc32") + 2, content.index(b"crc32") + 8, content.index(b"seed")):
        changed = bytearray(content)
        changed[place] ^= 1
        file.write_bytes(changed)
        with pytest.raises(LetterlabError, match=r"bars\.onnx is damaged \(its checksum is another\)"):
            open_model(file)
