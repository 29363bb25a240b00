"""The JSON documents of `adjoint-check`, without what every document of a command says."""

from dataclasses import asdict
from typing import Any

from nodelens.checking.results import GradientReport, ProofReport
from nodelens.checking.suite import SuiteReport
from nodelens.figures.adjoint_curves import Study
from nodelens.ode.options import SolveOptions


def gradient_document(report: GradientReport) -> dict[str, Any]:
    """Makes the document of `adjoint-check`."""
    return {
        "verdict": _verdict(report.passed),
        "problem": report.name,
        "reference": ", ".join(dict.fromkeys(check.reference for check in report.checks)),
        "solver": report.settings.solver.model_dump(mode="json"),
        **_own_tolerances(report.options),
        "precision": report.precision,
        "seed": report.settings.seed,
        "drifts": report.drifts(),
        "causes": report.causes(),
        "skipped": report.skipped(),
        "tightened": report.tightened(),
        "undecided": report.undecided(),
        "checks": [asdict(check) for check in report.checks],
        "stats": {name: asdict(cost) for name, cost in report.totals().items()},
        "problems": [
            {
                "name": problem.name,
                "verdict": _verdict(problem.passed),
                "checks": len(problem.checks),
                "too_loose": problem.loose(),
                "stats": {name: asdict(cost) for name, cost in problem.costs.items()},
                "seconds": problem.seconds,
            }
            for problem in report.problems
        ],
    }


def proof_document(report: ProofReport) -> dict[str, Any]:
    """Makes the document of `adjoint-check --proof`."""
    return {
        "verdict": _verdict(report.passed),
        "problem": report.name,
        "reference": ", ".join(dict.fromkeys(check.reference for check in report.checks)),
        "checks": [asdict(check) for check in report.checks],
        "stats": {name: asdict(cost) for name, cost in report.costs.items()},
        "problems": [{"name": report.name, "seconds": report.seconds}],
        "limit": {
            "steps": report.curves.steps.tolist(),
            "errors": report.curves.errors.tolist(),
            "order": report.curves.order,
        },
    }


def suite_document(report: SuiteReport) -> dict[str, Any]:
    """Makes the document of `adjoint-check --suite`."""
    return {
        "verdict": _verdict(report.passed),
        "suite": "fields",
        "fields": [
            {
                "name": case.name,
                "verdict": _verdict(case.passed),
                "expected": case.fault or "right",
                "refusal": case.refusal,
                "checks": [asdict(check) for check in case.found.checks] if case.found else [],
                "skipped": case.found.skipped if case.found else {},
            }
            for case in report.cases
        ],
    }


def study_document(study: Study) -> dict[str, Any]:
    """Makes the document of `adjoint-check --study`."""
    return {"study": study.name, "verdict": "pass", **asdict(study)}


def _own_tolerances(options: SolveOptions) -> dict[str, Any]:
    """Returns the tolerances of the gradient, where a run has some beside those of its solver."""
    own = {"rtol": options.adjoint_rtol, "atol": options.adjoint_atol}
    return {} if own == {"rtol": None, "atol": None} else {"adjoint": own}


def _verdict(passed: bool) -> str:
    return "pass" if passed else "fail"
