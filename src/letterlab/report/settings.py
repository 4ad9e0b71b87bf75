"""Recipes in the words of a report: a network in one phrase, its settings as the columns of a table."""

from letterlab.recipe import Cnn, Mlp, Recipe, Torchvision, no_augmentation
from letterlab.report.words import Words
from letterlab.study.tried import Tried


def shape(words: Words, recipe: Recipe) -> str:
    """What kind of network a recipe makes: `hidden layers 512→256`, `filters 32→64, kernel 3×3`."""
    model = recipe.model
    if isinstance(model, Torchvision):
        return str(words(f"settings.shape_{model.weights}", network=model.network))
    if isinstance(model, Cnn):
        return str(words("settings.shape_cnn", filters=_sizes(model.filters), kernel=f"{model.kernel}×{model.kernel}"))
    return str(words("settings.shape_mlp" if model.hidden else "settings.shape_linear", hidden=_sizes(model.hidden)))


def _sizes(sizes: tuple[int, ...]) -> str:
    return "→".join(map(str, sizes))


def settings(words: Words, tried: Tried) -> dict[str, tuple[str, float | None]]:
    """A candidate's settings by the names of their columns: as text, and as the number to sort by where it is one."""
    recipe = tried.recipe
    optimiser = recipe.optimiser
    letters = recipe.letters_of_each
    yes = "no" if recipe.augmentation == no_augmentation() else "yes"
    return {
        **_of_model(words, recipe.model),
        "dropout": _setting(words, recipe.model.dropout),
        "weight_decay": _setting(words, optimiser.weight_decay),
        "label_smoothing": _setting(words, recipe.label_smoothing),
        "augmentation": (words.known("settings", yes), None),
        "optimiser": (words.known("settings", optimiser.name), None),
        "rate": _setting(words, recipe.peak_rate),
        "batch": _number(words, recipe.batch_size),
        "epochs": _number(words, recipe.epochs),
        "letters": (words.known("settings", "all"), float("inf")) if letters == "all" else _number(words, letters),
        "parameters": _number(words, tried.parameters),
    }


def _of_model(words: Words, model: Mlp | Cnn | Torchvision) -> dict[str, tuple[str, float | None]]:
    if isinstance(model, Torchvision):
        return {
            "network": (model.network, None),
            "weights": (words.known("settings", model.weights), None),
            "side": _number(words, model.side),
            "stem_stride": _number(words, model.stem_stride),
            "head_epochs": _number(words, model.head_epochs),
        }
    activation = (words.known("settings", model.activation), None)
    normalisation = words.known("settings", f"normalisation_{model.normalisation}")
    if model.normalisation == "group":
        normalisation += f" {words.known('settings', str(model.group_size))}"
    if isinstance(model, Mlp):
        return {
            "hidden": (_sizes(model.hidden) or "–", None),
            "activation": activation,
            "normalisation": (normalisation, None),
        }
    return {
        "filters": (f"{_sizes(model.filters)}, {model.kernel}×{model.kernel}", None),
        "halving": (words.known("settings", model.halving), None),
        "padding": (words.known("settings", f"padding_{model.padding}"), None),
        "activation": activation,
        "normalisation": (normalisation, None),
    }


def _setting(words: Words, value: float) -> tuple[str, float]:
    return words.setting(value), float(value)


def _number(words: Words, value: int) -> tuple[str, float]:
    return words.integer(value), float(value)
