"""`letterlab export`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from letterlab.terminal import console


def export(
    run: Annotated[Path, Parameter(help="Folder of a training, or of a study: then its best network is taken.")],
    /,
    *,
    out: Annotated[
        Path | None, Parameter(help="ONNX file to write; letters.onnx in the folder when not given.")
    ] = None,
) -> None:
    """Write a trained network as an ONNX file, which `letterlab read --model` and other programs read without torch."""
    with console.status("Loading torch"):
        from letterlab.export import export as write
    file = out or run / "letters.onnx"
    with console.status("Exporting"):
        written = write(run, file)
    told = written.metadata
    console.print(f"{file}: the network of {written.run}, {told.parameters:,} parameters, {written.size / 1e6:.1f} MB")
    console.print(
        f"Temperature {told.temperature}: calibration error {told.calibration['error']:.1%} instead of "
        f"{told.calibration['before']:.1%} on {told.calibration['n']:,} validation letters"
    )
    console.print(f"ONNX Runtime's probabilities differ from torch's by {written.difference:.1g} at most")
