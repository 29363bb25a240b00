"""`node adjoint-check`: a check of the gradients of adjoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodelens.commands.adjoint.options import STUDIES, AdjointCheckCall
from nodelens.commands.adjoint.trained_run import as_settings, run_options, trained_field
from nodelens.commands.options import explain_setting, show_config
from nodelens.errors import ExitCode

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from nodelens.checking.checked_field import CheckedField
    from nodelens.checking.results import Check
    from nodelens.checking.settings import AdjointCheckSettings
    from nodelens.ode.options import SolveOptions
    from nodelens.report.output import Output


@dataclass(frozen=True)
class Answer:
    """The answer to one call.

    Attributes:
        document: The JSON document.
        tables: What is printed of it.
        verdict: The sentence below the tables.
        checks: The comparisons, for JUnit.
        figure: The bytes of a PNG file, if there is a figure.
    """

    document: dict[str, Any]
    tables: "list[Table | Text]"
    verdict: "Text"
    checks: "Sequence[Check]" = ()
    figure: bytes | None = None


def adjoint_check(call: AdjointCheckCall) -> ExitCode:
    """Check whether the adjoint gradients of a Neural ODE can be trusted.

    The gradient of each adjoint for z0, each parameter and each time is compared with closed forms,
    with forward sensitivities and complex steps integrated by SciPy, with extrapolated central
    differences and with the tape through the solver. Exits with 3 if one is off by more than the
    tolerance.
    """
    from nodelens.checking.settings import AdjointCheckSettings

    if explain_setting(call, AdjointCheckSettings):
        return ExitCode.DONE
    run, study, proof = call.run, call.study, call.proof
    solved: SolveOptions | None = None
    if run is not None:
        rows = AdjointCheckCall
        call.refuse(
            "--run checks the field of a run on its own data",
            *(rows.problems, rows.field, rows.z0, rows.times),
            also=() if study in (None, "order") else (f"--study {study}",),
        )
        solved = run_options(run)
    output = call.output()
    if study not in (None, *STUDIES) or (study and (proof or call.junit)):
        from nodelens.errors import UsageError

        raise UsageError(
            f"--study {study} is not possible here: one of {', '.join(STUDIES)} was expected, "
            "without --proof and --junit"
        )
    if call.suite is not None:
        rows = AdjointCheckCall
        call.refuse(
            "--suite has fields of its own, each with its state and times",
            *(rows.problems, rows.field, rows.run, rows.z0, rows.times),
        )
        if call.suite != "fields" or study or proof or call.junit:
            from nodelens.errors import UsageError

            raise UsageError(
                f"--suite {call.suite} is not possible here: `--suite fields` was expected, "
                "without --study, --proof and --junit"
            )
    if call.list_problems:
        from nodelens.checking.problems import PROBLEMS
        from nodelens.report.adjoint.problems import problems_table

        equations = {row.name: row.equation for row in PROBLEMS.values()}
        output.result({"problems": equations}, problems_table(PROBLEMS.values()))
        return ExitCode.DONE
    resolved = call.settings(AdjointCheckSettings, arguments=as_settings(solved))
    if call.show_config:
        show_config(output, resolved)
        return ExitCode.DONE
    settings = resolved.settings

    from nodelens.datasets.times import read_times
    from nodelens.runtime.files import refuse_overwriting
    from nodelens.runtime.tensorflow import start_tensorflow

    figure_name = "proof.png" if proof else f"{study}.png" if study else None
    planned = Files(call.out, call.junit, figure_name)
    refuse_overwriting(planned.paths, force=call.force)
    if settings.field is not None:
        read_times(settings.times)  # a wrong file is told before TensorFlow takes its seconds
    chosen = start_tensorflow(settings.device, settings.seed, verbose=call.verbose)
    output.note(f"device: {chosen.description}")
    given = None
    if run is not None and solved is not None:
        tolerances = ("solver.rtol", "solver.atol")
        usual = all(resolved.origins.get(key) == "--run" for key in tolerances)
        given = trained_field(run, solved, tighten=usual)
    answer = (
        _suite_answer(settings, output)
        if call.suite
        else _answer(settings, output, given, proof=proof, study=study, every=call.verbose)
    )
    for path in planned.write(call.command, answer):
        output.note(f"written: {path}")
    output.result(answer.document, *answer.tables, answer.verdict)
    return ExitCode.DONE if answer.document["verdict"] == "pass" else ExitCode.VERDICT_NO


def _suite_answer(settings: "AdjointCheckSettings", output: "Output") -> Answer:
    from nodelens.checking.document import suite_document
    from nodelens.checking.suite import check_suite
    from nodelens.checking.suite_fields import suite_cases
    from nodelens.report.adjoint.progress import shown_progress
    from nodelens.report.adjoint.suite import suite_table, suite_verdict

    cases = list(suite_cases())
    with shown_progress(output, len(cases)) as on_progress:
        report = check_suite(cases, settings, on_progress)
    return Answer(suite_document(report), [suite_table(report)], suite_verdict(report))


def _answer(
    settings: "AdjointCheckSettings",
    output: "Output",
    given: "CheckedField | None",
    *,
    proof: bool,
    study: str | None,
    every: bool,
) -> Answer:
    """Computes what was asked for."""
    from nodelens.checking.document import gradient_document, proof_document, study_document
    from nodelens.report.adjoint.progress import shown_progress

    if proof:
        from nodelens.checking.proof_report import check_proof
        from nodelens.figures.adjoint_proof import draw_proof
        from nodelens.figures.style import to_png
        from nodelens.report.adjoint.proof import proof_table, proof_verdict

        with shown_progress(output, 1) as on_progress:
            proved = check_proof(settings, on_progress, given)
        return Answer(
            proof_document(proved),
            [proof_table(proved)],
            proof_verdict(proved),
            proved.checks,
            to_png(draw_proof(proved.curves)),
        )
    if study:
        from nodelens.checking.peak_memory import memory_study
        from nodelens.checking.studies import run_study
        from nodelens.figures.adjoint_study import draw_study
        from nodelens.figures.style import to_png
        from nodelens.report.adjoint.study import study_sentences, study_table

        with shown_progress(output, 1) as on_progress:
            if study == "memory":
                found = memory_study(settings.chosen_adjoints(), on_progress)
            else:
                found = run_study(study, settings, on_progress, given)
        return Answer(
            study_document(found),
            [study_table(found)],
            study_sentences(found),
            figure=to_png(draw_study(found)),
        )
    from rich.text import Text

    from nodelens.checking.gradients import check_gradients
    from nodelens.report.adjoint.names import explanations
    from nodelens.report.adjoint.table import adjoint_tables, adjoint_verdict

    count = 1 if given or settings.field else len(settings.chosen_problems())
    with shown_progress(output, count) as on_progress:
        report = check_gradients(settings, on_progress, given)
    return Answer(
        gradient_document(report),
        [*adjoint_tables(report, every=every), *map(Text, explanations(report))],
        adjoint_verdict(report),
        report.checks,
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
        """The files that will be written."""
        names = [] if self.out is None else ["adjoint-check.json", self.figure]
        found = [self.out / name for name in names if name] if self.out else []
        return found if self.junit is None else [*found, self.junit]

    def write(self, command: str, answer: Answer) -> list[Path]:
        """Writes them, each whole or not at all."""
        from nodelens.report.adjoint.junit import junit
        from nodelens.runtime.documents import command_json
        from nodelens.runtime.files import make_directory, write_bytes, write_text

        if self.out is not None:
            make_directory(self.out)
        for path in self.paths:
            if path == self.junit:
                write_text(path, junit(answer.checks))
            elif path.suffix == ".png" and answer.figure is not None:
                write_bytes(path, answer.figure)
            else:
                write_text(path, command_json(command, answer.document))
        return self.paths
