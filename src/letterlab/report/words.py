"""The words of a report: whole sentences in a language's own file, and numbers as that language writes them."""

import math
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from markupsafe import Markup

from letterlab.evaluation import Rate
from letterlab.findings.compare import Comparison

Language = Literal["en", "ru"]

# {n|letter|letters}: the form of a word that goes with the number n.
_CHOICE: Final = re.compile(r"\{(\w+)\|([^{}]*)\}")
_NARROW_SPACE: Final = "\u202f"
_MINUS: Final = "\u2212"


def plural_form(language: Language, n: int) -> int:
    """Which form of a noun goes with n things, as Unicode's CLDR has it.

    English: 0 is one (1 letter), 1 is other (0 letters, 2 letters).
    Russian: 0 is one (1, 21 буква), 1 is few (2, 34 буквы), 2 is many (0, 5, 11 букв).
    """
    if language == "en":
        return 0 if n == 1 else 1
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


@cache
def _sentences(language: Language) -> dict[str, dict[str, str]]:
    """All sentences of a language, read once: by table, by name."""
    found: dict[str, dict[str, str]] = {}
    for file in files("letterlab.report").joinpath("sentences", language).iterdir():
        found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


class Words:
    """What a report says in one language.

    The files in `sentences/LANGUAGE` hold tables of sentences. In a sentence `{name}` stands for a value, and
    `{name|form|form}` for the form of a word that goes with the number of that name.
    """

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._sentences = _sentences(language)

    def __call__(self, key: str, **values: object) -> Markup:
        """The sentence of a key such as `letters.counts`, its values put in: whole numbers grouped, text escaped."""
        table, _, name = key.partition(".")
        sentence = self._sentences[table][name]
        for choice in _CHOICE.finditer(sentence):
            form = plural_form(self.language, int(str(values[choice[1]])))
            sentence = sentence.replace(choice[0], choice[2].split("|")[form])
        return Markup(sentence).format(
            **{name: self.integer(value) if isinstance(value, int) else value for name, value in values.items()}
        )

    def known(self, table: str, name: str) -> str:
        """The word for a name, or the name itself where the language has none (torch is torch)."""
        return self._sentences[table].get(name, name)

    def integer(self, value: int) -> str:
        """3,640 in English, 3 640 in Russian."""
        text = f"{value:,}"
        return text if self.language == "en" else text.replace(",", _NARROW_SPACE)

    def decimal(self, value: float, places: int = 1) -> str:
        """94.6 in English, 94,6 in Russian; a dash where nothing is known."""
        if math.isnan(value):
            return "–"
        text = f"{round(value, places) + 0.0:.{places}f}".replace("-", _MINUS)  # + 0.0: no sign on a zero
        return text if self.language == "en" else text.replace(".", ",")

    def setting(self, value: float) -> str:
        """A setting with all the digits it was given with: 0.0003."""
        text = f"{value:.10f}".rstrip("0").rstrip(".")
        return text if self.language == "en" else text.replace(".", ",")

    def percent(self, share: float, places: int = 1) -> str:
        """94.6 %."""
        return "–" if math.isnan(share) else f"{self.decimal(100 * share, places)}{_NARROW_SPACE}%"

    def rate(self, rate: Rate) -> str:
        """94.6 % (93.8 to 95.3): a share with its interval; a dash where n is 0."""
        if rate.n == 0:
            return "–"
        low, high = self.decimal(100 * rate.low), self.decimal(100 * rate.high)
        return str(self("number.interval", share=self.percent(rate.share), low=low, high=high))

    def signed(self, share: float) -> str:
        """A difference of shares in percentage points with its sign, without unit: +4.1."""
        text = self.decimal(100 * share)
        return f"+{text}" if round(100 * share, 1) > 0 else text

    def difference(self, comparison: Comparison) -> str:
        """+4.1 (+3.3 to +4.9): a difference in percentage points with its interval."""
        low, high = self.signed(comparison.low), self.signed(comparison.high)
        return str(self("number.signed_interval", share=self.signed(comparison.difference), low=low, high=high))

    def p(self, value: float) -> str:
        """A probability under the null hypothesis: p = 0.012, or p < 0.001."""
        text = f"p < {self.decimal(0.001, 3)}" if value < 0.001 else f"p = {self.decimal(value, 3)}"
        return text.replace(" ", "\u00a0")

    def bare_p(self, value: float) -> str:
        """0.012, or < 0.001, for a table; a dash where there is none."""
        text = f"< {self.decimal(0.001, 3)}" if value < 0.001 else self.decimal(value, 3)
        return text.replace(" ", "\u00a0")

    def duration(self, seconds: float) -> str:
        """12 s, or 3 min 20 s, or 2 h 15 min."""
        minutes, rest = divmod(round(seconds), 60)
        if minutes >= 60:
            return str(self("number.hours", hours=minutes // 60, minutes=minutes % 60))
        if minutes:
            return str(self("number.minutes", minutes=minutes, seconds=rest))
        return str(self("number.seconds", seconds=self.decimal(seconds, 1 if seconds < 10 else 0)))
