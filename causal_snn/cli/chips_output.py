"""What ``causal-snn chips`` prints and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causal_snn.chips.chip import Chip
    from causal_snn.chips.mapping.mapped import Mapped
    from causal_snn.models.network import Network
    from causal_snn.studies.critical_precision import PrecisionSweep

KIND = "chip study"
PAGE = "chips.md"
TABLES = ("precision.csv", "critical.csv", "mapping.csv", "fidelity.csv")
FIGURES = ("precision", "phi_s", "fidelity", "tpm_float", "tpm_chip")


def is_ours(name: str) -> bool:
    """Return whether an earlier result may hold a file of that name."""
    from causal_snn.io.folder import FORMATS

    figures = {f"{figure}.{suffix}" for figure in FIGURES for suffix in FORMATS}
    return name in {PAGE, *TABLES} | figures


def sweep(network: Network, chip: Chip, found: PrecisionSweep, target: Path | None) -> int:
    """Print a sweep and write its folder; return the exit code.

    Raises
    ------
    InputError
        If the network could be mapped at no setting.
    """
    from causal_snn.errors import InputError
    from causal_snn.plotting.critical_precision import plot_critical_precision
    from causal_snn.studies.critical_precision import Status

    stopped = found.status is not Status.COMPLETE
    if not any(point.mapped for point in found):
        if stopped:
            raise KeyboardInterrupt
        raise InputError(f"{network.name} maps to none of these: {found.points[0].error}")
    table = found.table()
    if target is not None:
        figures: dict[str, Figure] = {}
        tables = {"precision.csv": found.to_dataframe()}
        if found.lined:
            figures["precision"] = _figure(plot_critical_precision(found))
            if "phi_s" in found.reference:
                figures["phi_s"] = _figure(plot_critical_precision(found, show="phi_s"))
            tables["critical.csv"] = found.critical_dataframe()
        text = page(
            f"{network.name} on {chip.title}: critical precision",
            network,
            chip,
            figures=list(figures),
            tables=[("Precision", table)],
            made=found.provenance,
        )
        _write(target, figures, tables, text, salt=network.name)
    print(table)
    if target is not None:
        print(f"Report: {target / PAGE}")
    return 130 if stopped else 0


def one(
    network: Network,
    chip: Chip,
    mapping: Mapping[str, Any],
    question: Mapping[str, Any],
    target: Path | None,
    *,
    quiet: bool,
) -> int:
    """Map a network, print the report and the fidelity, and write the folder."""
    from causal_snn.chips.mapping.map import map_network
    from causal_snn.plotting import plot_tpm
    from causal_snn.plotting.fidelity import plot_fidelity
    from causal_snn.studies.chip_fidelity import fidelity

    mapped = map_network(network, chip, **mapping)
    assert mapped.report is not None
    found = fidelity(network, mapped, progress=not quiet, **question)
    tables = [("Mapping", mapped.report.table()), ("Fidelity", found.table())]
    figures, frames = {}, {}
    if target is not None:
        figures = {"fidelity": _figure(plot_fidelity(found))}
        figures |= {
            name: _figure(plot_tpm(matrix))
            for name, matrix in zip(("tpm_float", "tpm_chip"), found.tpms, strict=True)
        }
        frames = {"mapping.csv": mapped.report.to_dataframe(), "fidelity.csv": found.to_dataframe()}
    return _deliver(network, chip, target, figures, frames, tables, made=found.provenance)


def mapping_only(
    network: Network,
    chip: Chip,
    mapping: Mapping[str, Any],
    question: Mapping[str, Any],
    target: Path | None,
    *,
    beyond: str,
) -> int:
    """Map a network that has no exact TPM, say why, and compare spikes if it can be run."""
    from causal_snn.chips.mapping.map import map_network

    mapped = map_network(network, chip, **mapping)
    assert mapped.report is not None
    tables = [("Mapping", mapped.report.table()), *_controls(network, mapped, **question)]
    tables.append(("No causal fidelity", beyond))
    frames = {} if target is None else {"mapping.csv": mapped.report.to_dataframe()}
    return _deliver(network, chip, target, {}, frames, tables, made=mapped.provenance)


def _deliver(
    network: Network,
    chip: Chip,
    target: Path | None,
    figures: Mapping[str, Figure],
    frames: Mapping[str, Any],
    tables: Sequence[tuple[str, str]],
    *,
    made: Mapping[str, Any],
) -> int:
    """Write the folder, if one is asked for, and print the tables; return the exit code."""
    if target is not None:
        text = page(
            f"{network.name} on {chip.title}",
            network,
            chip,
            figures=list(figures),
            tables=tables,
            made=made,
        )
        _write(target, figures, frames, text, salt=network.name)
    for heading, table in tables:
        print(f"{heading}\n{table}\n")
    if target is not None:
        print(f"Report: {target / PAGE}")
    return 0


def _controls(
    network: Network, mapped: Mapped, *, noise: Any, rng: int, steps: int = 5000
) -> list[tuple[str, str]]:
    """Return the spikes of the float network and the chip compared, or why there are none."""
    from causal_snn.errors import InputError, check_whole
    from causal_snn.studies.chip_fidelity.driven import constant_inputs, noise_of
    from causal_snn.studies.chip_fidelity.listing import control_figures
    from causal_snn.studies.chip_fidelity.runs import Runs

    check_whole("steps", steps)
    try:
        network.step()
    except InputError as error:
        return [("No runs", str(error))]
    sigma, silent = noise_of(mapped, network, noise), constant_inputs(mapped, None)
    runs = Runs(network, mapped, sigma, silent, steps, rng, 0.1, 10.0, None)
    rows = [("figure", "unit", "float", "chip")]
    for one in control_figures(runs.against(mapped), runs.baseline):
        rows.append((one.name, one.unit, f"{one.reference:.5g}", f"{one.chip:.5g}"))
    lines = [f"{a:<44}{b:>8}{c:>12}{d:>12}" for a, b, c, d in rows]
    said = f"{steps} steps ({steps * network.dt:g} ms) of the same noise in both"
    if mapped.parameters.inputs:
        said += f"; the {mapped.parameters.inputs} input channels are silent"
    return [("Spikes", "\n".join([*lines, said]))]


def page(
    title: str,
    network: Network,
    chip: Chip,
    *,
    figures: Sequence[str],
    tables: Sequence[tuple[str, str]],
    made: Mapping[str, Any],
) -> str:
    """Return a Markdown page: figures, tables, the chip with its sources, how it was made."""
    lines = [f"# {title}", ""]
    for figure in figures:
        lines += [f"![{figure}]({figure}.png)", ""]
    for heading, text in tables:
        lines += [f"## {heading}", "", "```text", text, "```", ""]
    lines += ["## The network", ""]
    lines += [f"- {network.name}: {network.n} units, dt = {network.dt:g} ms"]
    lines += [f"- source: {network.source}"] if network.source else []
    lines += ["", "## The chip", "", "```text", chip.table(), "```"]
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    lines += ["", "## How it was made", "", f"- method: {made['method']}"]
    lines += [
        f"- {name}: {value}" for name, value in made.items() if name not in ("method", "versions")
    ]
    return "\n".join([*lines, f"- versions: {versions}", ""])


def _write(
    target: Path,
    figures: Mapping[str, Figure],
    tables: Mapping[str, Any],
    text: str,
    *,
    salt: str,
) -> None:
    from causal_snn.io.folder import save_figures, write_folder

    def write(folder: Path) -> None:
        save_figures(folder, figures, salt=salt)
        for name, frame in tables.items():
            frame.to_csv(folder / name, index=False)
        (folder / PAGE).write_text(text, encoding="utf-8")

    write_folder(target, write, is_ours=is_ours, kind=KIND)


def _figure(ax: Axes) -> Figure:
    from matplotlib.figure import Figure

    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure
