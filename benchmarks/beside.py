"""What else RESULTS.md tells of: accuracy.json of `accuracy.py`, gpu.json of `gpu.py`."""

from collections.abc import Mapping
from typing import Any, Final

NETWORKS: Final = {
    "mlp": ("MLP", "test", 0.93),
    "cnn-3": ("CNN of 3 convolutional layers", "test", 0.962),
    "cnn-small": ("CNN of fewer than 100,000 numbers", "test", 0.955),
    "best": ("the best single network", "test", 0.972),
    "emnist": ("the best that never saw an image of EMNIST Letters", "emnist", 0.925),
}
"""Recipe: what it is, on which letters, and the least mean of five seeds that is promised."""


def accuracy(found: Mapping[str, Any], shortfalls: Mapping[str, str]) -> list[str]:
    """Lines of the section on accuracy, and what is known of why a network falls short; none without figures."""
    if not found:
        return []
    lines = [
        "",
        "## Accuracy",
        "",
        "By `python benchmarks/accuracy.py`: a recipe each, in `benchmarks/accuracy`, chosen by validation; mean of",
        "the seeds and its 95 % interval, without help at test time. EMNIST's file is the first 10,000 of EMNIST",
        "Letters' test images, A to M.",
        "",
        "| network | numbers | epochs | validation | test letters | EMNIST's file | promised | kept | trained on |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    reasons: list[str] = []
    for name, (what, where, least) in NETWORKS.items():
        if where not in found.get(name, {}):  # not measured, or with one seed so far
            continue
        row = found[name]
        means = [share(row, part) for part in ("validation", "test", "emnist")]
        kept = "yes" if row[where] >= least else "**no**"
        if row[where] < least and name in shortfalls:
            reasons += ["", f"Why not `{name}`: {shortfalls[name]}"]
        lines.append(
            f"| {what} (`{name}.toml`) | {row['parameters']:,} | {row['epochs']} | {' | '.join(means)} "
            f"| {least:.1%}{' on EMNIST' if where == 'emnist' else ''} | {kept} "
            f"| {row['machine']}, torch {row['torch']}, {row['seconds']:.0f} s each, {len(row['seeds'])} seeds |"
        )
    return lines + reasons


def share(row: Mapping[str, Any], part: str) -> str:
    """A mean with its interval."""
    return f"{row[part]:.2%} ± {row[f'{part}_interval'] * 100:.2f}" if part in row else ""


def gpu(found: Mapping[str, Any]) -> list[str]:
    """Lines of the section on a GPU; none without figures."""
    if not found:
        return []
    letters = found["letters"]
    network, recipe = found["network"], found["recipe"]
    lines = [
        "",
        "## On a GPU",
        "",
        f"By `python benchmarks/gpu.py` on one {found['gpu']}, torch {found['torch']}, bf16: {letters['train']:,}",
        f"letters to train on, {letters['test']:,} to test; a CNN of {'-'.join(map(str, network['filters']))} filters,",
        f"{network['parameters']:,} numbers, batches of {recipe['batch']}. An epoch takes",
        f"{found['epoch'] * 1000:.1f} ms; compiling, before the clock starts, {found['seconds_to_compile']:.0f} s.",
        "",
        "| epochs | seconds | validation | test letters, mean of the seeds | from | to |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row['epochs']} | {row['seconds']:.3f} | {row['validation']:.2%} | {row['test']:.2%} "
        f"| {min(row['all_test']):.2%} | {max(row['all_test']):.2%} |"
        for row in found["until"]
    ]
    for key in [key for key in found if key.startswith("seconds_until_")]:
        seconds = found[key]
        reached = f"{seconds:.2f} seconds" if seconds else "not reached"
        lines += ["", f"Until {key.removeprefix('seconds_until_')} of the test letters: **{reached}**."]
    lines += [
        "",
        "Trials trained at once as one batched network (torch.func), each at its own learning rate; letters that all",
        "of them together learn from in a second:",
        "",
        "| trials | MLP 256 | memory | CNN 16-32-64 | memory |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    by_kind = {kind: {row["trials"]: row for row in rows} for kind, rows in found["trials"].items()}
    for count in sorted({count for rows in by_kind.values() for count in rows}):
        cells = [cell for kind in ("mlp", "cnn") for cell in at_once(by_kind.get(kind, {}).get(count))]
        lines.append(f"| {count} | {' | '.join(cells)} |")
    return lines


def at_once(row: Mapping[str, Any] | None) -> tuple[str, str]:
    """How many letters a second, and the memory."""
    if row is None:
        return "", ""
    return f"{row['letters_a_second']:,.0f}" if "letters_a_second" in row else "", row["memory"]
