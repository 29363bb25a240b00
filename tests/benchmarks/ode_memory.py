"""Peak memory of a gradient against the number of steps, one process a measurement.

    python -m tests.benchmarks.ode_memory

solves dz/dt = -z for a state of 4 MB with Euler steps, forward and backward, for each adjoint, and
prints a Markdown table and one JSON document. The growth from 100 to 10,000 steps is given in
states of 4 MB a thousand steps.
"""

import json
import resource
import subprocess
import sys

ADJOINTS = ("backsolve", "reversible", "checkpointed")
STEPS = (100, 10_000)
STATE_MB = 4.0


def child(adjoint: str, steps: int) -> None:
    """Takes one gradient in eager code and prints the peak resident size in MB."""
    import tensorflow as tf

    from nodelens.ode import Checkpointed, Reversible, odeint

    ways = {
        "backsolve": "backsolve",
        "reversible": Reversible(max_accepted=16_384),
        "checkpointed": Checkpointed(checkpoints=16, max_accepted=16_384),
    }
    z0 = tf.ones([1_000_000])

    def gradient(count: int) -> None:
        with tf.GradientTape() as tape:
            tape.watch(z0)
            states = odeint(
                lambda t, z: -z,
                z0,
                [0.0, 1.0],
                solver="euler",
                step_size=1.0 / count,
                adjoint=ways[adjoint],
            ).states
            loss = tf.reduce_sum(states[-1])
        tape.gradient(loss, z0).numpy()

    gradient(steps)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Runs every measurement and prints the table and the JSON document."""
    results = {}
    for adjoint in ADJOINTS:
        peaks = {}
        for steps in STEPS:
            command = [sys.executable, "-m", __spec__.name, adjoint, str(steps)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            peaks[steps] = float(output.split()[-1])
        growth = (peaks[STEPS[1]] - peaks[STEPS[0]]) / STATE_MB / ((STEPS[1] - STEPS[0]) / 1000)
        results[adjoint] = {"peak_mb": peaks, "states_per_1000_steps": round(growth, 3)}
    print("| adjoint | peak MB at 100 steps | at 10,000 | states per 1,000 steps |")
    print("|---|---|---|---|")
    for adjoint, row in results.items():
        few, many = row["peak_mb"].values()
        print(f"| {adjoint} | {few:.0f} | {many:.0f} | {row['states_per_1000_steps']} |")
    print(json.dumps({"schema": 1, "benchmark": "ode_memory", "results": results}))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(sys.argv[1], int(sys.argv[2]))
    else:
        main()
