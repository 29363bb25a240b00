"""The work done by torchdiffeq, step by step as it is used."""

import torch
from tests.benchmarks.ode_training.work import DATA, STARTS, TIMES, WEIGHTS, WINDOW, Work
from torchdiffeq import odeint_adjoint


def spiral(adjoint: str, rtol: float, atol: float, steps: int) -> Work:
    """`steps` training steps; returns the loss of the last one. There is one adjoint."""
    del adjoint
    data, times = torch.tensor(DATA), torch.tensor(TIMES[:WINDOW], dtype=torch.float32)

    class Field(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.p = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(w)) for w in WEIGHTS])

        def forward(self, t, z):
            return torch.tanh(z**3 @ self.p[0] + self.p[1]) @ self.p[2] + self.p[3]

    def train() -> float:
        field = Field()
        optimizer = torch.optim.RMSprop(field.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
        for i in range(steps):
            rows = torch.tensor(STARTS[i])
            optimizer.zero_grad()
            states = odeint_adjoint(field, data[rows], times, rtol=rtol, atol=atol)
            target = data[rows[None] + torch.arange(WINDOW)[:, None]]
            loss = torch.mean(torch.abs(states - target))
            loss.backward()
            optimizer.step()
        return float(loss)

    return train, 0.0
