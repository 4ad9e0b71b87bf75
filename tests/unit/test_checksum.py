import pytest

from letterlab.checksum import UNSEALED, is_whole, sealed

CONTENT = sealed(b"before " + UNSEALED.encode() + b" after")


def test_what_was_sealed_is_whole():
    assert is_whole(CONTENT)
    assert CONTENT.startswith(b"before crc32:")
    assert len(CONTENT) == len(b"before  after") + len(UNSEALED)


def test_a_change_of_any_bit_is_found():
    for place in range(len(CONTENT)):
        for bit in range(8):
            changed = bytearray(CONTENT)
            changed[place] ^= 1 << bit
            assert not is_whole(bytes(changed))
    assert is_whole(b"nothing") is None


@pytest.mark.parametrize("content", [b"crc32:00000000", CONTENT[:-1], CONTENT + b"\0", CONTENT[1:]])
def test_what_bears_another_seal_is_not_whole(content):
    assert is_whole(content) is False
