import numpy as np

from blobs import blobs
from letterlab.lots import Lot


def test_letters_of_several_arrays_are_found_by_their_positions():
    one, other = blobs(2, 0), blobs(3, 1)
    both = one.joined(other)
    which = np.array([129, 51, 52, 0, 51])  # of 52 and 78
    lot = Lot.of(one, other).take(which)
    assert len(lot) == 5
    assert np.array_equal(lot.images(slice(None)), both.images[which])
    assert lot.labels.tolist() == both.labels[which].tolist()
    assert np.array_equal(lot.images(np.array([2, 0])), both.images[[52, 129]])
    again = lot.take(slice(1, 3))
    assert np.array_equal(again.images(slice(None)), both.images[[51, 52]])
    assert len(Lot.of(one).take(np.array([], dtype=np.int64)).images(slice(None))) == 0


def test_pictures_can_follow():
    letters, things = blobs(1, 0), blobs(1, 2).images[:3]
    lot = Lot.of(letters).take(np.array([5, 3])).and_then(things, 26)
    assert lot.labels.tolist() == [5, 3, 26, 26, 26]
    assert np.array_equal(lot.images(slice(2, None)), things)
    assert np.array_equal(lot.images(slice(0, 2)), letters.images[[5, 3]])


def test_only_the_pages_of_what_is_asked_for_are_copied(tmp_path):
    np.save(tmp_path / "images.npy", blobs(2, 0).images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    lot = Lot(((mapped, blobs(2, 0).labels),), np.arange(52))
    assert lot.take(np.array([3])).pieces[0][0] is mapped
    found = lot.images(slice(0, 2))
    assert found.base is None
    assert found.flags.writeable  # tensors must be
