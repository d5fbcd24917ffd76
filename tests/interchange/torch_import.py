"""torch_import.py UNROLL FOLDER: a language model of PyTorch's, imported by the program, gives the same outputs."""
import pathlib
import subprocess
import sys

import numpy
import torch

from torch_interchange_files import save

unroll, folder = sys.argv[1], pathlib.Path(sys.argv[2])
torch.manual_seed(0)
WORDS = ["<eos>", "the", "cat", "sat", "<unk>"]


class LanguageModel(torch.nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.encoder = torch.nn.Embedding(len(WORDS), 4)
        self.rnn = kind(4, 6, 2, **options)
        self.decoder = torch.nn.Linear(6, len(WORDS))

    def forward(self, tokens):
        return self.decoder(self.rnn(self.encoder(tokens))[0])


def check(cell, kind, *settings, **options):
    model = LanguageModel(kind, **options)
    save(folder / "lm.safetensors", model.state_dict())
    (folder / "words.txt").write_text("\n".join(WORDS) + "\n")
    subprocess.run([unroll, "import", folder / "lm.safetensors", "--cell", cell, "--task", "words", "--vocabulary",
                    folder / "words.txt", "--out", folder / "lm", *settings], check=True)
    subprocess.run([unroll, "states", folder / "lm", "--text", "the cat sat the", "--out", folder / "lm.npz"],
                   check=True)
    arrays = numpy.load(folder / "lm.npz")
    assert arrays["tokens"][:, 0].tolist() == [0, 1, 2, 3, 1], arrays["tokens"]
    with torch.no_grad():
        theirs = model(torch.from_numpy(arrays["tokens"])).numpy()
    difference = abs(theirs - arrays["outputs"]).max()
    print(f"import {cell} {options}: outputs differ by at most {difference:.1e}")
    assert difference <= 1e-5, difference
    assert abs(theirs - numpy.roll(arrays["outputs"], 1, 0)).max() > 1e-3  # negative control: other steps


check("lstm", torch.nn.LSTM)
check("gru", torch.nn.GRU)
check("vanilla", torch.nn.RNN, "model.activation=relu", nonlinearity="relu")
check("lstm", torch.nn.LSTM, bias=False)
