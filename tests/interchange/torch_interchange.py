"""torch_interchange.py RUN_MODEL FOLDER: models go both ways between PyTorch and this project as safetensors
files, and give the same outputs on both sides."""
import pathlib
import subprocess
import sys

import torch

from torch_interchange_files import load, save

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
torch.manual_seed(0)
torch.set_num_threads(1)
STEPS, BATCH, INPUTS, HIDDEN, OUTPUTS, TOLERANCE = 9, 4, 3, 5, 2, 1e-5


class Model(torch.nn.Module):
    def __init__(self, kind, layers, directions, **options):
        super().__init__()
        self.rnn = kind(INPUTS, HIDDEN, layers, bidirectional=directions == 2, **options)
        self.readout = torch.nn.Linear(HIDDEN * directions, OUTPUTS)

    def forward(self, x):
        return self.readout(self.rnn(x)[0])


def ours(arguments, model, x):
    save(folder / "x", {"x": x})
    subprocess.run([program, *arguments, model, folder / "x", folder / "y"], check=True)
    return load(folder / "y")["y"]


def difference(a, b):
    assert a.shape == b.shape, (a.shape, b.shape)
    return (a - b).abs().max().item()


def check(name, found):
    print(f"{name}: outputs differ by at most {found:.1e}")
    assert found <= TOLERANCE, f"{name}: {found} is more than {TOLERANCE}"


def both_ways(cell, activation, kind, layers, directions, **options):
    name = f"{cell} {activation}, layers {layers}, directions {directions}"
    arguments = [cell, activation, str(layers), str(directions)]
    theirs = Model(kind, layers, directions, **options)
    x = torch.randn(STEPS, BATCH, INPUTS)
    with torch.no_grad():
        path = folder / f"{name} of PyTorch"
        save(path, theirs.state_dict())
        check(f"PyTorch to Unroll, {name}", difference(theirs(x), ours(arguments, path, x)))

        # Negative control: with two gates exchanged the outputs are others.
        if kind is torch.nn.LSTM:
            wrong = theirs.state_dict()
            wrong["rnn.weight_hh_l0"] = wrong["rnn.weight_hh_l0"].roll(HIDDEN, 0)
            save(path, wrong)
            assert difference(theirs(x), ours(arguments, path, x)) > 100 * TOLERANCE

        path = folder / f"{name} of Unroll"
        y = ours(arguments, path, x)
        theirs.load_state_dict(load(path), strict=True)
        check(f"Unroll to PyTorch, {name}", difference(theirs(x), y))


for layers, directions in ((1, 1), (2, 2)):
    both_ways("vanilla", "tanh", torch.nn.RNN, layers, directions)
    both_ways("vanilla", "relu", torch.nn.RNN, layers, directions, nonlinearity="relu")
    both_ways("irnn", "tanh", torch.nn.RNN, layers, directions, nonlinearity="relu")
    both_ways("lstm", "tanh", torch.nn.LSTM, layers, directions)
    both_ways("gru", "tanh", torch.nn.GRU, layers, directions)
