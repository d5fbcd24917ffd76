#!/usr/bin/env python3
"""Times PyTorch on the training steps that `unroll bench` times: forward and backward pass of a recurrent net
with a linear readout and a mean squared error at the last step, float32, one thread; with WORDS, whole updates
of a language model. Times are CPU time.

    scripts/bench_pytorch.py [--flush-subnormals]
        prints the median of every step below as JSON, in milliseconds.
    scripts/bench_pytorch.py [--flush-subnormals] --serve
        answers each line "CELL T B INPUTS HIDDEN [WORDS] RUNS" with the seconds that RUNS steps took, so that another
        program can interleave them with its own.
"""

import json
import os
import statistics
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor, nn
from torch.nn import functional

STEPS = [
    *(("vanilla", *shape) for shape in [
        (100, 20, 2, 128), (100, 32, 10, 128), (400, 20, 2, 100), (50, 64, 64, 256), (35, 20, 200, 200),
        (100, 64, 512, 512), (100, 20, 6, 50)]),
    *((cell, *shape) for cell in ("lstm", "gru") for shape in [
        (100, 20, 2, 128), (50, 64, 64, 256), (35, 20, 200, 200)]),
    ("mgu", 100, 20, 2, 128),
    ("mgu_script", 100, 20, 2, 128),
    ("vanilla", 35, 20, 200, 200, 10_000),
    ("lstm", 35, 20, 200, 200, 10_000),
]


class MinimalGatedUnit(nn.Module):
    """Zhou et al. 2016, eq. 5-7, as a user writes it: a loop over time."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.x_to_f = nn.Linear(inputs, hidden)
        self.h_to_f = nn.Linear(hidden, hidden, bias=False)
        self.x_to_g = nn.Linear(inputs, hidden)
        self.h_to_g = nn.Linear(hidden, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(1), self.hidden)
        for t in range(x.size(0)):
            f = torch.sigmoid(self.x_to_f(x[t]) + self.h_to_f(h))
            g = torch.tanh(self.x_to_g(x[t]) + self.h_to_g(f * h))
            h = (1 - f) * h + f * g
        return h


class LastState(nn.Module):
    """One of PyTorch's own layers; gives h_T."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0][-1]


CELLS = {
    "vanilla": lambda inputs, hidden: LastState(nn.RNN(inputs, hidden)),
    "lstm": lambda inputs, hidden: LastState(nn.LSTM(inputs, hidden)),
    "gru": lambda inputs, hidden: LastState(nn.GRU(inputs, hidden)),
    "mgu": MinimalGatedUnit,
    "mgu_script": lambda inputs, hidden: torch.jit.script(MinimalGatedUnit(inputs, hidden)),
}


class Timed:
    def run(self) -> None:
        raise NotImplementedError

    def seconds(self, runs: int) -> float:
        begin = time.process_time()
        for _ in range(runs):
            self.run()
        return time.process_time() - begin


class Step(Timed):
    """One training step without the update."""

    def __init__(self, cell: str, steps: int, rows: int, inputs: int, hidden: int):
        torch.manual_seed(1)
        self.cell = CELLS[cell](inputs, hidden)
        self.readout = nn.Linear(hidden, 1)
        self.x = torch.randn(steps, rows, inputs)
        self.target = torch.randn(rows, 1)
        self.parameters = [*self.cell.parameters(), *self.readout.parameters()]
        for _ in range(3):  # TorchScript compiles during the first runs
            self.run()

    def run(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None
        functional.mse_loss(self.readout(self.cell(self.x)), self.target).backward()


class LanguageUpdate(Timed):
    """One update of a language model: embedding, layer, softmax over all words, clipping by norm, plain SGD; the
    states go on from update to update."""

    LAYERS = {"vanilla": nn.RNN, "lstm": nn.LSTM}

    def __init__(self, cell: str, steps: int, rows: int, inputs: int, hidden: int, words: int):
        torch.manual_seed(1)
        self.embedding = nn.Embedding(words, inputs)
        self.layer = self.LAYERS[cell](inputs, hidden)
        self.readout = nn.Linear(hidden, words)
        self.words, self.next = torch.randint(words, (2, steps, rows))
        self.state = None
        self.parameters = [p for part in (self.embedding, self.layer, self.readout) for p in part.parameters()]
        self.optimizer = torch.optim.SGD(self.parameters, lr=0.1)
        for _ in range(2):
            self.run()

    def run(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        output, state = self.layer(self.embedding(self.words), self.state)
        logits = self.readout(output)
        functional.cross_entropy(logits.flatten(0, 1), self.next.flatten()).backward()
        nn.utils.clip_grad_norm_(self.parameters, 0.25)
        self.optimizer.step()
        self.state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def make_step(cell: str, *shape: int) -> Timed:
    return LanguageUpdate(cell, *shape) if len(shape) == 5 else Step(cell, *shape)


def serve() -> None:
    print(json.dumps({"version": torch.__version__}), flush=True)
    shape, made = None, {}  # nets of one shape are asked for in turns
    for line in sys.stdin:
        cell, *numbers = line.split()
        *wanted, runs = map(int, numbers)
        if wanted != shape:
            shape, made = wanted, {}
        if cell not in made:
            made[cell] = make_step(cell, *shape)
        print(made[cell].seconds(runs), flush=True)


def median_ms(step: Timed, budget: float = 2.0) -> float:
    samples = []
    end = time.perf_counter() + budget
    while len(samples) < 5 or time.perf_counter() < end:
        samples.append(1e3 * step.seconds(1))
    return statistics.median(samples)


def main(arguments: list) -> int:
    unknown = set(arguments) - {"--flush-subnormals", "--serve"}
    if unknown:
        print(__doc__, file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    torch.set_flush_denormal("--flush-subnormals" in arguments)
    if "--serve" in arguments:
        serve()
        return 0
    medians = [dict(zip(("cell", "T", "B", "inputs", "hidden", "words"), row), median_ms=median_ms(make_step(*row)))
               for row in STEPS]
    print(json.dumps({"pytorch": torch.__version__, "steps": medians}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
