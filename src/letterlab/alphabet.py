"""The 26 letters: class index and letter, and the first letter of a surname."""

import unicodedata
from typing import Final

from letterlab.errors import LetterlabError

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The classes in order: class index 0 is A, 25 is Z. Capital and small form are one class."""

# First Latin letter of each Cyrillic letter under ICAO Doc 9303 part 3, section 6, table B: the rule by which
# Russian, Ukrainian, Belarusian, Bulgarian, Serbian and Macedonian surnames are written in passports
# (Ж is ZH, Х is KH, Ц is TS, Ч is CH, Ш is SH, Щ is SHCH, Ю is IU, Я is IA).
# The soft sign has no Latin letter there and is passed over.
_CYRILLIC: Final = {
    **dict(zip("АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ", "ABVGDEEZZIIKLMNOPRSTUFKTCSSIY EII", strict=True)),
    **dict(zip("ІЇЄҐЎЈЉЊЋЂЏЅЌЃ", "IIIGUJLNCDDDKG", strict=True)),
    "Ь": "",
}

# Latin letters that Unicode does not take apart into a plain letter and an accent.
_LATIN: Final = {"Ł": "L", "Ø": "O", "Đ": "D", "Ð": "D", "Þ": "T", "Æ": "A", "Œ": "O", "ẞ": "S", "Ħ": "H", "Ŋ": "N"}


def index_of(letter: str) -> int:
    """Class index (0 to 25) of a letter in either case.

    Raises:
        LetterlabError: it is not one of the letters A to Z.
    """
    index = LETTERS.find(letter.upper()) if len(letter) == 1 else -1
    if index < 0:
        raise LetterlabError(f"{letter!r} is not a letter from A to Z: give one letter, such as --letter K.")
    return index


def letter_of_surname(surname: str) -> str:
    """First letter of a surname, as a capital from A to Z.

    A Latin letter counts without its accent (Émile is E, Łódź is L). A Cyrillic one is written in Latin letters as
    passports do (ICAO Doc 9303) and the first of those letters is taken: Иванов is I, Жуков is Z (Zhukov), Чехов is C
    (Chekhov), Щукин is S (Shchukin), Юдин is I (Iudin), Яшин is I (Iashin). Signs that have no letter are passed over.

    Raises:
        LetterlabError: there is no letter of either alphabet in it.
    """
    for character in surname.upper():
        latin = _CYRILLIC.get(character, _LATIN.get(character))
        if latin is None:  # only now: taken apart, Й would become И and Ї a letter of no table
            latin = _LATIN.get(character, unicodedata.normalize("NFKD", character)[0])
        if latin and latin in LETTERS:
            return latin
    raise LetterlabError(
        f"The surname {surname!r} has no letter that can be written in Latin: give the letter itself with --letter."
    )
