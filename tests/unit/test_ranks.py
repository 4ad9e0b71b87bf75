"""What one process knows of the others; what they do together is in tests/integration/test_ranks.py."""

import pytest
import torch

from letterlab.errors import LetterlabError
from letterlab.ranks import Ranks, joined


def test_who_is_alone_has_everything_as_it_is(tmp_path):
    ranks = Ranks.here()
    assert ranks.alone
    assert ranks.first
    batch = torch.tensor([5, 2, 9])
    own, share = ranks.share(batch)
    assert own is batch
    assert share is None
    assert ranks.sum(torch.tensor([3.0])).tolist() == [3.0]
    with ranks.firsts(tmp_path / "some") as path, ranks.firsts(None) as none, ranks.one_before_others():
        assert path == tmp_path / "some"
        assert none is None


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_batch_is_dealt_out_whole_and_each_has_what_lies_near_its_own(count):
    batch = torch.randperm(1000, generator=torch.Generator().manual_seed(0))[:101]
    shares = [Ranks(rank, count).share(batch) for rank in range(count)]
    assert sorted(torch.cat([own for own, _ in shares]).tolist()) == sorted(batch.tolist())
    for (own, share), (after, _) in zip(shares, [*shares[1:], (torch.tensor([1000]), None)], strict=True):
        assert own.max() < after.min()
        assert batch[share.rows].tolist() == own.tolist()
        assert share.of == 101
        assert share.weight == pytest.approx(len(own) / (101 / count))
        assert abs(len(own) - 101 / count) < 1


@pytest.mark.parametrize("n", [0, 1, 5, 12])
def test_stretches_follow_on_one_another(n):
    things = list(range(n))
    assert [one for rank in range(5) for one in things[Ranks(rank, 5).span(n)]] == things


@pytest.mark.parametrize(("device", "message"), [("mps", "in one process"), ("cuda", "--nproc-per-node")])
def test_a_device_that_cannot_be_shared_so_is_named(device, message, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(LetterlabError, match=message), joined(device):
        pass
