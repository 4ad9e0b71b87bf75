"""Studies and bulk reading on a real Ray cluster: two machines of one core each, which are processes of this one."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from fake_s3 import fake_s3
from letterlab.checkpoint import NAME, read_checkpoint
from letterlab.commands.read import read
from letterlab.errors import LetterlabError
from letterlab.recipe import Recipe, Torchvision
from letterlab.study import engine
from letterlab.study.folder import TEST_FILE, TRIALS, VALIDATION_FILE
from letterlab.study.plan import Experiment, FamilyPlan
from letterlab.study.processes import Processes
from letterlab.study.store import STORE_FILE, Store
from onnx_models import bars
from small_plan import RATES, dump, mlp, plan

pytest.importorskip("ray", reason="Ray is not installed: pip install 'letterlab[ray]'")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
    # Ray leaves files and sockets open, and calls what it has marked as old itself.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MACHINE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
WHOLE = plan(mlp(finals=1, seeds=1, epochs=3))


@pytest.fixture(scope="module")
def cluster():
    """One that this process has joined."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Else beside other tests its workers would hardly come to work.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (Ray spells it so)
    from ray.cluster_utils import Cluster

    from letterlab.cluster import connect

    cluster = Cluster(initialize_head=True, head_node_args={**MACHINE, "include_dashboard": False})
    cluster.add_node(**MACHINE)
    assert connect(cluster.address) == 2
    yield cluster
    import ray

    ray.shutdown()
    cluster.shutdown()


def run(letters, folder, whole, watch=lambda step: None, at_once=2, weights=None, kind=None):
    """Runs a plan, and gives what its store holds then."""
    from letterlab.study.ray_tasks import RayTasks

    folder.mkdir(exist_ok=True)
    with closing(Store(folder)) as store:
        workers = (kind or RayTasks)(letters, folder, at_once, weights or {})
        engine.run(whole, store, workers, lambda recipe: float(recipe.epochs), watch)
        return dump(store, whole)


def at_work(name):
    """The processes of a trial on the cluster, which Ray names after it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::" + name.encode()):
                found.append(int(path.parent.name))
        except OSError:  # it has ended
            continue
    return found


def test_a_worker_and_a_machine_that_die_change_no_number(cluster, letters, tmp_path, monkeypatch):
    monkeypatch.setattr("letterlab.study.ray_tasks._EVERY", 0.0)
    doomed = cluster.add_node(**MACHINE)
    killed, told = [], {}

    def watch(step):
        if step.what != "epoch":
            return
        told.setdefault(step.trial.name, []).append(step.epoch)
        [pid] = at_work(step.trial.name) or [0]
        if pid and "worker" not in killed and step.epoch.number == 1:
            os.kill(pid, signal.SIGKILL)
            killed.append("worker")
            return
        # Its raylet is the parent of all that run on a machine.
        if pid and "machine" not in killed and int(Path(f"/proc/{pid}/stat").read_text().split()[-49]) == raylet:
            cluster.remove_node(doomed, allow_graceful=False)
            killed.append("machine")

    raylet = doomed.all_processes["raylet"][0].process.pid
    stored = run(letters, tmp_path / "ray", WHOLE, watch, at_once=3)
    assert set(killed) == {"worker", "machine"}
    assert stored == run(letters, tmp_path / "local", WHOLE, kind=Processes)
    for path in (tmp_path / "local" / TRIALS).glob(f"*/*/{NAME}"):
        here = tmp_path / "ray" / path.relative_to(tmp_path / "local")
        first, second = read_checkpoint(path), read_checkpoint(here)
        assert all((first.weights[key] == second.weights[key]).all() for key in first.weights)
        for file in (VALIDATION_FILE, TEST_FILE):
            assert (here.parent / file).read_bytes() == (path.parent / file).read_bytes()
        assert len(list(here.parent.glob("events.out.tfevents.*"))) == 1
    # Who went on from a checkpoint tells its first epochs again as they were, with the seconds that they took.
    again = [[one for one in epochs if one.number == 1] for epochs in told.values()]
    assert any(len(one) > 1 and one[0] == one[1] for one in again)


def test_a_study_that_is_stopped_leaves_no_training_behind(cluster, letters, tmp_path):
    long = plan(mlp(finals=0, seeds=1, epochs=500))

    class StoppedError(Exception):
        pass

    def watch(step):
        if step.what == "epoch":
            raise StoppedError

    with pytest.raises(StoppedError):
        run(letters, tmp_path, long, watch)
    while at_work("mlp-factors"):
        time.sleep(0.01)  # without an end, were one left behind


def test_weights_come_to_the_machine_that_trains(cluster, letters, tmp_path):
    from letterlab.models.vision import load_torchvision

    file = tmp_path / "squeezenet1_1-mine.pth"
    torch.save(load_torchvision().models.squeezenet1_1().state_dict(), file)
    model = Torchvision(network="squeezenet1_1", stem_stride=2, weights_file=str(tmp_path / "nowhere.pth"))
    whole = plan(family_of(Recipe(model=model, letters_of_each=1, batch_size=26, epochs=1)))
    [(_, _, state, _, _, _, reason)] = run(letters, tmp_path, whole, weights={"squeezenet1_1": str(file)})
    assert (state, reason) == ("done", "")


def family_of(*recipes):
    levels = [{"name": f"recipe-{n}", "changes": recipe.model_dump(mode="json")} for n, recipe in enumerate(recipes)]
    factor = RATES.model_validate({"name": "recipe", "levels": levels})
    return FamilyPlan(name="mlp", experiments=(Experiment(name="recipes", crossed=(factor,), seeds=1),))


def test_a_machine_with_another_version_is_named(cluster, letters, tmp_path, monkeypatch):
    monkeypatch.setattr("letterlab.study.ray_tasks.versions", lambda *_: {"letterlab": "9.9"})
    with pytest.raises(LetterlabError, match=r"cannot work on trials: .+ has letterlab .+, not 9\.9: install the same"):
        run(letters, tmp_path, WHOLE)


def test_a_study_killed_leaves_no_training_behind_and_ends_by_the_same_command(cluster, letters, tmp_path):
    import ray

    for part, one in (("train", letters.train), ("test", letters.test)):
        (tmp_path / part).mkdir()
        for name, image in zip(one.names, one.images, strict=True):
            cv2.imwrite(str(tmp_path / part / name), image)
    family = 'name = "mlp"\n[[families.experiments]]\nname = "rates"\nseeds = 1\n'
    base = 'base = {epochs = 40, batch_size = 13, model = {kind = "mlp", hidden = [16]}}\n'
    factor = 'name = "rate"\nsetting = "optimiser.learning_rate"\nvalues = [0.003, 0.01]\n'
    (tmp_path / "own.toml").write_text(
        f'name = "own"\n[[families]]\n{family}{base}[[families.experiments.factors]]\n{factor}'
    )
    words = f"study {tmp_path} --plan own.toml --orientation upright --keep-leaks --out mine --engine ray --ray-address"
    command = [sys.executable, "-m", "letterlab", *words.split(), cluster.address]
    environment = {**os.environ, "LETTERLAB_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    while not at_work("mlp-rates"):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    while at_work("mlp-rates"):
        time.sleep(0.01)  # without an end, were one left behind
    cores = [int(ray.cluster_resources()["CPU"])]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    cores.append(int(ray.cluster_resources()["CPU"]))  # a machine that was killed counts until it is missed
    assert done.returncode == 0, done.stderr
    assert any(f"{number} at a time" in done.stdout for number in cores)
    assert "Report: mine/report.html" in done.stdout
    assert "ray" not in done.stderr.casefold()
    assert (tmp_path / "mine" / STORE_FILE).exists()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return bars(tmp_path_factory.mktemp("network") / "bars.onnx")


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Twenty pictures of a bar, one that is none, and one that is hidden."""
    monkeypatch.chdir(tmp_path)
    for number in range(20):
        picture = np.full((40, 40), 255, np.uint8)
        picture[np.s_[5:35, 18:22] if number % 3 else np.s_[18:22, 5:35]] = 0
        path = Path("in", f"sub{number // 10}", f"{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture)
    Path("in/bad.png").write_bytes(b"no picture")
    Path("in/.hidden.png").write_bytes(b"not looked at")
    return Path("in")


def said(capsys, *words, **more):
    """What reading prints, and says on standard error; a picture of all is bad."""
    with pytest.raises(SystemExit) as ended:
        read(*words, **more)
    assert ended.value.code == 2
    return capsys.readouterr()


def test_pictures_read_in_bulk_give_the_lines_that_they_give_here(cluster, pictures, network, tmp_path, capsys):
    here, complaint = said(capsys, "in", "nowhere.png", as_json=True, model=network)
    bulk = said(capsys, "in", "nowhere.png", engine="ray", model=network)
    assert bulk == (here, complaint)
    assert len(here.splitlines()) == 20
    assert "in/bad.png: " in complaint
    assert "nowhere.png cannot be read (No such file or directory)." in complaint

    told, _ = said(capsys, "in", "nowhere.png", engine="ray", model=network, out="lines")
    assert told == "22 pictures, of which 2 could not be read: lines\n"
    parts = sorted(Path("lines").iterdir())
    assert len(parts) > 1
    lines = [line for part in parts for line in part.read_text().splitlines()]
    assert [line for line in lines if "error" not in json.loads(line)] == here.splitlines()
    errors = [f"letterlab: {json.loads(line)['error']}" for line in lines if "error" in json.loads(line)]
    assert errors == complaint.splitlines()
    with pytest.raises(LetterlabError, match="lines is not empty"):
        read("in", engine="ray", model=network, out="lines")

    objects = {path.as_posix(): path.read_bytes() for path in sorted(pictures.rglob("*.png"))}
    with fake_s3("letters", objects) as ending:
        stored, complaint = said(capsys, f"s3://key:secret@letters/in{ending}", engine="ray", model=network)
    prefix = "s3://key:secret@letters/"
    came = {line["file"].removeprefix(prefix).partition("?")[0]: line for line in map(json.loads, stored.splitlines())}
    wanted = {line["file"]: line for line in map(json.loads, here.splitlines())}
    assert {name: {**line, "file": name} for name, line in came.items()} == wanted
    assert "in/bad.png?" in complaint
