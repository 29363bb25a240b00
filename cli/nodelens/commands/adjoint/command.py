"""`node adjoint-check`: a check of the gradients of adjoints."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.commands.adjoint.options import STUDIES, AdjointCheckCall
from nodelens.commands.adjoint.trained_run import solved_as, trained_field
from nodelens.commands.options import show_config
from nodelens.errors import ExitCode

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from nodelens.checking.own_field import OwnField
    from nodelens.checking.settings import AdjointCheckSettings
    from nodelens.report.output import Output


def adjoint_check(call: AdjointCheckCall) -> ExitCode:
    """Check whether the adjoint gradients of a Neural ODE can be trusted.

    The gradient of each adjoint for z0, each parameter and each time is compared with closed forms,
    with forward sensitivities and complex steps integrated by SciPy, with extrapolated central
    differences and with the tape through the solver. Exits with 3 if one is off by more than the
    tolerance.
    """
    run, study, proof = call.run, call.study, call.proof
    as_run: list[str] = []
    if run is not None:
        beside = {"--problem": call.problems, "--field": call.field}
        beside |= {"--z0": call.z0, "--times": call.times}
        _refuse_beside_run(beside | {f"--study {study}": study if study != "order" else None})
        as_run = solved_as(run)
    from nodelens.checking.settings import AdjointCheckSettings

    output = call.output()
    if study not in (None, *STUDIES) or (study and (proof or call.junit)):
        from nodelens.errors import UsageError

        raise UsageError(
            f"--study {study} is not possible here: one of {', '.join(STUDIES)} was expected, "
            "without --proof and --junit"
        )
    if call.list_problems:
        from nodelens.checking.problems import PROBLEMS
        from nodelens.report.adjoint.problems import problems_table

        equations = {row.name: row.equation for row in PROBLEMS.values()}
        output.result({"problems": equations}, problems_table(PROBLEMS.values()))
        return ExitCode.DONE
    resolved = call.settings(AdjointCheckSettings, overrides=as_run)
    if call.show_config:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings

    from nodelens.runtime.files import refuse_overwriting
    from nodelens.runtime.tensorflow import start_tensorflow

    figure_name = "proof.png" if proof else f"{study}.png" if study else None
    planned = Files(call.out, call.junit, figure_name)
    refuse_overwriting(planned.paths, force=call.force)
    chosen = start_tensorflow(settings.device, settings.seed, verbose=call.verbose)
    output.note(f"device: {chosen.description}")
    own = None if run is None else trained_field(run)
    document, tables, verdict, figure = _answer(
        settings, output, own, proof=proof, study=study, every=call.verbose
    )
    for path in planned.write({"schema": 1, "command": call.command, **document}, figure):
        output.note(f"written: {path}")
    output.result(document, *tables, verdict)
    return ExitCode.DONE if document["verdict"] == "pass" else ExitCode.VERDICT_NO


def _answer(
    settings: "AdjointCheckSettings",
    output: "Output",
    own: "OwnField | None",
    *,
    proof: bool,
    study: str | None,
    every: bool,
) -> tuple[dict[str, Any], "list[Table]", "Text", bytes | None]:
    """Computes what was asked for: the document, its tables, its verdict, its figure."""
    from nodelens.report.adjoint.progress import shown_progress

    if proof:
        from nodelens.checking.proof_report import check_proof
        from nodelens.figures.adjoint_proof import draw_proof
        from nodelens.report.adjoint.proof import proof_table, proof_verdict

        with shown_progress(output, 1) as on_progress:
            report = check_proof(settings, on_progress, own)
        document = report.document()
        return document, [proof_table(document)], proof_verdict(document), draw_proof(report.curves)
    if study:
        from nodelens.checking.peak_memory import memory_study
        from nodelens.checking.studies import run_study
        from nodelens.figures.adjoint_study import draw_study
        from nodelens.report.adjoint.study import study_sentences, study_table

        with shown_progress(output, 1) as on_progress:
            if study == "memory":
                found = memory_study(settings.chosen_adjoints(), on_progress)
            else:
                found = run_study(study, settings, on_progress, own)
        document = found.document()
        return document, [study_table(document)], study_sentences(document), draw_study(document)
    from nodelens.checking.gradients import check_gradients
    from nodelens.report.adjoint.table import adjoint_tables, adjoint_verdict

    count = 1 if own or settings.field else len(settings.chosen_problems())
    with shown_progress(output, count) as on_progress:
        document = check_gradients(settings, on_progress, own).document()
    return document, adjoint_tables(document, every=every), adjoint_verdict(document), None


def _refuse_beside_run(given: dict[str, Any]) -> None:
    """A run says by itself what is checked, and where.

    Raises:
        UsageError: If something else says so too.
    """
    from nodelens.errors import UsageError

    beside = [flag for flag, value in given.items() if value]
    if beside:
        raise UsageError(
            f"--run checks the field of a run on its own data; {', '.join(beside)} cannot be "
            "given beside it"
        )


@dataclass(frozen=True)
class Files:
    """The files of one call.

    Attributes:
        out: The directory of the document and the figure, if one was given.
        junit: The JUnit file, if one was asked for.
        figure: The name of the figure, if there is one.
    """

    out: Path | None
    junit: Path | None
    figure: str | None

    @property
    def paths(self) -> list[Path]:
        """What will be written."""
        names = [] if self.out is None else ["adjoint-check.json", self.figure]
        found = [self.out / name for name in names if name] if self.out else []
        return found if self.junit is None else [*found, self.junit]

    def write(self, document: dict[str, Any], figure: bytes | None) -> list[Path]:
        """Writes them, each whole or not at all."""
        from nodelens.report.adjoint.junit import junit
        from nodelens.runtime.documents import to_json
        from nodelens.runtime.files import make_directory, write_bytes, write_text

        if self.out is not None:
            make_directory(self.out)
        for path in self.paths:
            if path == self.junit:
                write_text(path, junit(document))
            elif path.suffix == ".png" and figure is not None:
                write_bytes(path, figure)
            else:
                write_text(path, to_json(document))
        return self.paths
