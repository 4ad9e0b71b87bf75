import random

import pytest

from letterlab.errors import LetterlabError
from letterlab.sources import download as module
from letterlab.sources.download import download

CONTENT = random.Random(0).randbytes(600_000)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(module, "FIRST_WAIT", 0)


@pytest.fixture
def part(tmp_path, server):
    server.content = CONTENT
    return tmp_path / "data.zip.part"


def fetch(server, part):
    """Downloads and returns what progress was told."""
    told = []
    download(server.url, part, lambda done, total: told.append((done, total)))
    return told


def test_brings_the_whole_and_tells_how_far_it_is(server, part):
    told = fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 1
    assert told[-1] == (600_000, 600_000)
    assert {total for _, total in told} == {600_000}


def test_goes_on_where_the_server_broke_off(server, part, misdeeds):
    server.behaviours = [misdeeds.breaks_off(2**18), misdeeds.breaks_off(2**17), misdeeds.honest]
    told = fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert server.asked == [None, 2**18, 2**18 + 2**17]
    assert told[-1] == (600_000, 600_000)


def test_goes_on_from_what_an_earlier_command_left(server, part):
    part.write_bytes(CONTENT[:123_456])
    told = fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert server.asked == [123_456]
    assert told[0][0] > 123_456
    assert told[-1] == (600_000, 600_000)


def test_starts_over_when_the_server_ignores_the_range(server, part, misdeeds):
    part.write_bytes(b"x" * 123_456)
    server.behaviours = [misdeeds.ignores_range]
    assert fetch(server, part)[-1] == (600_000, 600_000)
    assert part.read_bytes() == CONTENT


def test_starts_over_when_the_server_sends_another_range(server, part, misdeeds):
    part.write_bytes(CONTENT[:123_456])
    server.behaviours = [misdeeds.sends_the_wrong_range, misdeeds.honest]
    fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert server.asked == [123_456, None]


def test_a_part_that_is_whole_already_stays(server, part):
    part.write_bytes(CONTENT)
    assert fetch(server, part) == []
    assert part.read_bytes() == CONTENT
    assert server.asked == [600_000]


def test_a_part_longer_than_the_file_is_thrown_away(server, part):
    part.write_bytes(CONTENT + b"more")
    fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert server.asked == [600_004, None]


def test_a_server_that_announces_too_much_is_seen_through(server, part, misdeeds):
    server.content = CONTENT[: 2**19]
    server.behaviours = [misdeeds.announces(1000), misdeeds.honest]
    fetch(server, part)
    assert part.read_bytes() == CONTENT[: 2**19]
    assert server.asked == [None, 2**19]


def test_a_server_that_sends_pieces_is_asked_for_the_next(server, part, misdeeds):
    part.write_bytes(CONTENT[:10])
    server.behaviours = [misdeeds.sends_small_pieces]
    fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert server.asked == [10, 200_011, 400_012]


def test_a_length_that_is_not_announced_is_told_as_none(server, part, misdeeds):
    server.behaviours = [misdeeds.does_not_say_how_long]
    assert fetch(server, part)[-1] == (600_000, None)
    assert part.read_bytes() == CONTENT


def test_a_server_that_always_breaks_off_is_given_up_and_what_came_is_kept(server, part, misdeeds):
    server.behaviours = [misdeeds.breaks_off(2**15)]
    with pytest.raises(LetterlabError, match=r"the same command again; it goes on from 163,840 bytes"):
        fetch(server, part)
    assert server.asked == [None, *range(2**15, 5 * 2**15, 2**15)]
    assert part.read_bytes() == CONTENT[: 5 * 2**15]
    server.behaviours = [misdeeds.honest]
    fetch(server, part)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(server, part, misdeeds, status):
    server.behaviours = [misdeeds.says(status), misdeeds.honest]
    fetch(server, part)
    assert part.read_bytes() == CONTENT


def test_trouble_that_stays_is_named(server, part, misdeeds):
    server.behaviours = [misdeeds.says(503)]
    with pytest.raises(LetterlabError, match=r"503 Service Unavailable.* the same command again\.$"):
        fetch(server, part)
    assert len(server.asked) == module.TRIES


def test_a_refusal_ends_at_once_and_keeps_what_there_is(server, part, misdeeds):
    part.write_bytes(CONTENT[:7])
    server.behaviours = [misdeeds.says(404)]
    with pytest.raises(LetterlabError, match="answers 404 Not Found"):
        fetch(server, part)
    assert len(server.asked) == 1
    assert part.read_bytes() == CONTENT[:7]


def test_no_server_at_all(server, part):
    server.close()
    with pytest.raises(LetterlabError, match="check the connection"):
        fetch(server, part)
    assert not part.exists()


def test_an_interrupt_keeps_what_came(server, part):
    def interrupt(done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.url, part, interrupt)
    held = part.stat().st_size
    assert held > 0
    fetch(server, part)
    assert server.asked == [None, held]
    assert part.read_bytes() == CONTENT
