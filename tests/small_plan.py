"""Plans so small that their trials take a moment, and what a store holds, to compare."""

from letterlab.recipe import Cnn, Mlp, Optimiser, Recipe
from letterlab.study.course import experiments
from letterlab.study.plan import Experiment, Factor, FamilyPlan, Finals, Plan, Search

MLP = Recipe(model=Mlp(hidden=(16,)), batch_size=52, epochs=2)
CNN = Recipe(model=Cnn(filters=(4,)), batch_size=52, epochs=2)
RATES = Factor.model_validate(
    {"name": "learning rate", "setting": "optimiser.learning_rate", "values": [0.003, 1e-6, 0.01]}
)
NEURONS = Factor.model_validate({"name": "neurons", "setting": "model.hidden", "values": [[16], [8], [32]]})


def mlp(search: int = 0, finals: int = 1, epochs: int = 2, seeds: int = 2) -> FamilyPlan:
    """Two factors one at a time, perhaps a search, finals on all letters."""
    return FamilyPlan(
        name="mlp",
        experiments=(
            Experiment(
                name="factors",
                base=MLP.model_copy(update={"letters_of_each": 10, "epochs": epochs}),
                factors=(NEURONS, RATES),
                seeds=seeds,
                search=Search(trials=search, at_once=2) if search else None,
            ),
        ),
        finals=Finals(take=finals, changes={"letters_of_each": "all", "epochs": 1}, seeds=2) if finals else None,
    )


def norm() -> FamilyPlan:
    """Crossed factors around the best MLP."""
    return FamilyPlan(
        name="norm",
        experiments=(
            Experiment(
                name="batches",
                base=CNN,
                base_of="mlp",
                changes={"epochs": 1, "letters_of_each": 10},
                crossed=(
                    Factor.model_validate(
                        {"name": "normalisation", "setting": "model.normalisation", "values": ["batch", "none"]}
                    ),
                    Factor.model_validate({"name": "batch size", "setting": "batch_size", "values": [26, 52]}),
                ),
                seeds=1,
            ),
        ),
    )


def plan(*families: FamilyPlan) -> Plan:
    """Of these families."""
    return Plan(name="small", families=families)


def diverging() -> Recipe:
    """A recipe whose training comes apart."""
    rate = Optimiser(name="sgd", learning_rate=1e30, schedule="constant")
    return Recipe(model=Mlp(hidden=(8,), normalisation="none"), optimiser=rate, batch_size=52, epochs=1)


def dump(store, of):
    """All that a store holds of a plan but times."""
    return [
        (one.name, one.planned, one.state, one.value, one.epochs, one.parameters, one.reason)
        for experiment in experiments(of)
        for one in store.trials(experiment)
    ]
