"""The reference values of tests/experiments/data/audio/features_test.cpp: log-mel energies, MFCC and deltas in
double, straight from their definitions. Run: python3 tests/data/make_speech_features.py (needs NumPy)."""

import numpy as np

RATE, FRAME, HOP, EMPHASIS, MELS, LOW, HIGH, FLOOR, MFCC, WIDTH = 8000, 200, 80, 0.97, 20, 60.0, 3800.0, 1e-10, 13, 2


def signal():
    n = np.arange(1000)
    x = 0.4 * np.sin(2 * np.pi * 440 * n / RATE) + 0.2 * np.sin(2 * np.pi * (900 + 0.6 * n) * n / RATE)
    x += 0.02 * ((n * n * 7919 % 1001) / 500 - 1)  # all bands have some energy, which single precision resolves
    return x.astype(np.float32).astype(np.float64)  # what the reader hands on


def mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)


def log_mel(x):
    emphasised = x - EMPHASIS * np.concatenate([[0], x[:-1]])
    frames = 1 + (len(x) - FRAME) // HOP
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    cut = np.stack([emphasised[t * HOP:t * HOP + FRAME] * window for t in range(frames)])
    power = np.abs(np.fft.rfft(cut, 256)) ** 2
    edges = 700 * (10 ** (np.linspace(mel(LOW), mel(HIGH), MELS + 2) / 2595) - 1)
    f = np.arange(129) * RATE / 256
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bands = np.maximum(0, np.minimum((f - left) / (centre - left), (right - f) / (right - centre)))
    return np.log(np.maximum(power @ bands.T, FLOOR))


def mfcc(logs):
    k, m = np.arange(MFCC)[:, None], np.arange(MELS)[None, :]
    basis = np.sqrt(2 / MELS) * np.cos(np.pi * k * (m + 0.5) / MELS)
    basis[0] = np.sqrt(1 / MELS)
    return logs @ basis.T


def deltas(c):
    padded = np.concatenate([np.repeat(c[:1], WIDTH, 0), c, np.repeat(c[-1:], WIDTH, 0)])
    total = sum(n * (padded[WIDTH + n:len(c) + WIDTH + n] - padded[WIDTH - n:len(c) + WIDTH - n])
                for n in range(1, WIDTH + 1))
    return total / (2 * sum(n * n for n in range(1, WIDTH + 1)))


logs = log_mel(signal())
coefficients = mfcc(logs)
first = deltas(coefficients)
print("log_mel", logs.shape)
for t, m in [(0, 0), (0, 7), (3, 1), (3, 12), (5, 19), (10, 0), (10, 15)]:
    print(f"{{{t}, {m}, {logs[t, m]:.9f}}},")
print("mfcc", coefficients.shape)
for t, k in [(0, 0), (0, 1), (4, 5), (10, 12)]:
    print(f"{{{t}, {k}, {coefficients[t, k]:.9f}}},")
print("deltas of mfcc")
for t, k in [(0, 0), (4, 5), (10, 12)]:
    print(f"{{{t}, {k}, {first[t, k]:.9f}}},")
print("second deltas")
for t, k in [(0, 0), (4, 5)]:
    print(f"{{{t}, {k}, {deltas(first)[t, k]:.9f}}},")
