#!/usr/bin/env python3
"""Writes recurrent_<name>.npz beside itself: what PyTorch computes for one small problem per cell, in double.

    python3 tests/data/make_recurrent_oracles.py          # made with PyTorch 1.13.1

Every file holds the inputs x (T, B, I), the states before the first step (h0, c0), the targets (T, B, O), the
weights k_h, k_c of the final states in the loss, the parameters under the names of models/*.hpp; then the results:
y (T, B, O), h (T, B, H), the final states (h_T, c_T), the loss

    mean((y - targets)^2) + sum(k_h * h_T) + sum(k_c * c_T),       y_t = W_hy h_t + b_y,

and as d_NAME the loss's gradient with respect to each parameter, x and each initial state. vanilla, lstm and gru are
torch.nn's own modules, whose two biases are added where the equations have one; gru_v1 is Cho et al. 2014, which
torch.nn does not have, as a loop of its ops.
"""

import pathlib

import numpy
import torch

T, B, I, H, O = 7, 3, 4, 5, 2


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def by_gate(tensor, gates):
    return dict(zip(gates, tensor.detach().chunk(len(gates))))


def module_of(name):
    make = {
        "vanilla_tanh": lambda: torch.nn.RNN(I, H, nonlinearity="tanh"),
        "vanilla_relu": lambda: torch.nn.RNN(I, H, nonlinearity="relu"),
        "lstm": lambda: torch.nn.LSTM(I, H),
        "gru": lambda: torch.nn.GRU(I, H),
    }[name]
    module = make().double()
    for parameter in module.parameters():
        parameter.data = 0.6 * random(*parameter.shape)
    return module


def named(name, w_ih, w_hh, b_ih, b_hh, biases_add=True):
    """PyTorch's stacked tensors under our names. Gradients of the two biases that were added are the same."""
    if name.startswith("vanilla"):
        return {"W_xh": w_ih, "W_hh": w_hh, "b_h": b_ih + b_hh if biases_add else b_ih}
    gates = {"lstm": "ifgo", "gru": "rzn"}[name]
    out = {}
    for kind, tensor in (("W", w_ih), ("U", w_hh)):
        out.update({f"{kind}_{k}": part for k, part in by_gate(tensor, gates).items()})
    first, second = by_gate(b_ih, gates), by_gate(b_hh, gates)
    for k in gates:
        own = name == "gru" and k == "n"  # its recurrent bias stands inside the reset gate's product
        out[f"b_{k}"] = first[k] + second[k] if biases_add and not own else first[k]
        if own:
            out["c_n"] = second[k]
    return out


def run_module(name, x, initial):
    module = module_of(name)
    stacked = [module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0, module.bias_hh_l0]
    h, final = module(x, tuple(initial) if len(initial) == 2 else initial[0])
    final = [s.squeeze(0) for s in (final if len(initial) == 2 else [final])]
    gradients = lambda: named(name, *[p.grad for p in stacked], biases_add=False)
    return named(name, *stacked), h, final, gradients


def run_gru_v1(x, initial):
    shapes = {"W": (H, I), "U": (H, H), "b": (H,)}
    p = {f"{kind}_{k}": (0.6 * random(*shape)).requires_grad_() for kind, shape in shapes.items() for k in "rzn"}
    gate = lambda k, x_t, h: x_t @ p[f"W_{k}"].T + h @ p[f"U_{k}"].T + p[f"b_{k}"]
    h, all_h = initial[0].squeeze(0), []
    for x_t in x:
        r, z = torch.sigmoid(gate("r", x_t, h)), torch.sigmoid(gate("z", x_t, h))
        h = z * h + (1 - z) * torch.tanh(gate("n", x_t, r * h))
        all_h.append(h)
    return p, torch.stack(all_h), [h], lambda: {k: v.grad for k, v in p.items()}


def oracle(name):
    states = ["h", "c"] if name == "lstm" else ["h"]
    x = random(T, B, I).requires_grad_()
    initial = [random(1, B, H).requires_grad_() for _ in states]
    parameters, h, final, gradients = (run_gru_v1 if name == "gru_v1" else lambda *a: run_module(name, *a))(x, initial)

    w_hy, b_y = random(O, H).requires_grad_(), random(O).requires_grad_()
    y = h @ w_hy.T + b_y
    targets, weights = random(T, B, O), [random(B, H) for _ in states]
    loss = ((y - targets) ** 2).mean() + sum((k * s).sum() for k, s in zip(weights, final))
    loss.backward()

    arrays = {"x": x, "targets": targets, "y": y, "h": h, "loss": loss, "d_x": x.grad}
    for s, start, weight, end in zip(states, initial, weights, final):
        arrays |= {f"{s}0": start.squeeze(0), f"k_{s}": weight, f"{s}_T": end, f"d_{s}0": start.grad.squeeze(0)}
    arrays |= parameters | {"W_hy": w_hy, "b_y": b_y}
    arrays |= {f"d_{k}": g for k, g in (gradients() | {"W_hy": w_hy.grad, "b_y": b_y.grad}).items()}
    return {k: numpy.ascontiguousarray(v.detach().numpy()) for k, v in arrays.items()}


def main():
    for seed, name in enumerate(["vanilla_tanh", "vanilla_relu", "lstm", "gru", "gru_v1"]):
        torch.manual_seed(seed)
        path = pathlib.Path(__file__).parent / f"recurrent_{name}.npz"
        numpy.savez_compressed(path, **oracle(name))
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
