# SPDX-License-Identifier: MIT
"""Steps of every network and optimizer in binary64, computed again with NumPy.

Gradients are taken by reverse accumulation over whole arrays, written from the formulas of the
papers that the headers name, and nothing is shared with the C++ code but the document, the weights
before the first step and the batches. Weights after the last step must agree to 1e-12.
"""
import itertools
import json
import math
import subprocess
import sys

import numpy as np

erf = np.vectorize(math.erf)
MODELS = [
    {"kind": "linear", "inputs": 5, "outputs": 3},
    {"kind": "linear", "inputs": 5},
    {"kind": "mlp", "widths": [5, 7, 6, 3], "activation": "relu"},
    {"kind": "mlp", "widths": [5, 7, 3], "activation": "gelu"},
    {"kind": "mlp", "widths": [5, 7, 3], "activation": "swiglu", "bias": False},
    {"kind": "mlp", "widths": [5, 7, 3], "activation": "gelu_sigmoid"},
    {"kind": "residual_mlp", "width": 6, "depth": 2},
    {"kind": "residual_mlp", "width": 6, "depth": 2, "activation": "swiglu", "gamma": 0.9},
    {"kind": "residual_mlp", "width": 6, "depth": 1, "activation": "silu", "layer_norm": False},
]
OPTIMIZERS = [
    {"kind": "sgd", "weight_decay": 0.1},
    {"kind": "momentum", "momentum": 0.8},
    {"kind": "momentum", "nesterov": True, "weight_decay": 0.05},
    {"kind": "adam", "weight_decay": 0.02},
    {"kind": "adamw", "beta1": 0.8, "weight_decay": 0.1},
    {"kind": "adafactor"},
    {"kind": "adafactor", "relative_step": True},
    {"kind": "svrg", "inner": 2, "weight_decay": 0.1},
]
STEPS, BATCH, RATE = 3, 4, 0.05


def loss_of(model, index):
    if model.get("outputs", model.get("widths", [3])[-1]) == 1 or model == MODELS[1]:
        return "logistic"
    return ["mean_square", "cross_entropy"][index % 2]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def function(kind, x):
    """The function's value and its vector-Jacobian product."""
    if kind == "relu":
        return np.maximum(x, 0), lambda g: g * (x > 0)
    if kind == "gelu":
        cdf = (1 + erf(x / math.sqrt(2))) / 2
        pdf = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return x * cdf, lambda g: g * (cdf + x * pdf)
    if kind == "gelu_sigmoid":
        k, c = 1.59375, 0.044677734375
        s = sigmoid(k * (x + c * x**3))
        return x * s, lambda g: g * (s + x * s * (1 - s) * k * (1 + 3 * c * x**2))
    if kind == "silu":
        s = sigmoid(x)
        return x * s, lambda g: g * (s + x * s * (1 - s))
    if kind == "swiglu":
        u, v = np.split(x, 2, axis=1)
        s = sigmoid(u)
        return u * s * v, lambda g: np.concatenate([g * v * (s + u * s * (1 - s)), g * u * s], axis=1)
    raise ValueError(kind)


class Tape:
    """Operations in order, and their gradients in the opposite one."""

    def __init__(self, weights):
        self.weights, self.gradients = weights, {}

    def linear(self, name, x):
        w = self.weights[name + ".weight"]
        b = self.weights.get(name + ".bias")

        def back(g):
            self.gradients[name + ".weight"] = g.T @ x
            if b is not None:
                self.gradients[name + ".bias"] = g.sum(axis=0, keepdims=True)
            return g @ w

        return x @ w.T + (0 if b is None else b), back

    def norm(self, name, x):
        gamma, beta = self.weights[name + ".gamma"], self.weights[name + ".beta"]
        d = x.shape[1]
        centred = x - x.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        xhat = centred / deviation

        def back(g):
            self.gradients[name + ".gamma"] = (g * xhat).sum(axis=0, keepdims=True)
            self.gradients[name + ".beta"] = g.sum(axis=0, keepdims=True)
            h = g * gamma
            # The Jacobian of x / |x| at the centred numbers, then that of centring.
            t = (h - xhat * (h * xhat).sum(axis=1, keepdims=True) / d) / deviation
            return t - t.mean(axis=1, keepdims=True)

        return xhat * gamma + beta, back


def forward(model, tape, x):
    backs = []

    def then(result):
        backs.append(result[1])
        return result[0]

    if "widths" in model or model["kind"] == "linear":
        layers = len(model.get("widths", [0, 0])) - 1
        for k in range(layers):
            x = then(tape.linear(f"layers.{k}", x))
            if k + 1 < layers:
                x = then(function(model["activation"], x))
        return x, backs
    for k in range(model["depth"]):
        inner, branch = x, []
        if model.get("layer_norm", True):
            inner, back = tape.norm(f"blocks.{k}.norm", inner)
            branch.append(back)
        for part in ("w1", "f", "w2"):
            inner, back = (
                function(model.get("activation", "gelu"), inner)
                if part == "f"
                else tape.linear(f"blocks.{k}.{part}", inner)
            )
            branch.append(back)

        def through(g, branch=branch):
            h = g
            for back in reversed(branch):
                h = back(h)
            return g + h

        x = x + inner
        backs.append(through)
    return x, backs


def loss_gradient(kind, y, target):
    if kind == "mean_square":
        return 2 * (y - target) / y.size
    if kind == "logistic":
        return (sigmoid(y) - target) / len(y)
    p = np.exp(y - y.max(axis=1, keepdims=True))
    return (p / p.sum(axis=1, keepdims=True) - target) / len(y)


class Optimizer:
    def __init__(self, description):
        self.d, self.t, self.state = description, 0, {}

    def update(self, name, w, g):
        d, t = self.d, self.t
        s = self.state.setdefault(name, {"m": 0 * w, "v": 0 * w, "r": 0, "c": 0})
        decay = d.get("weight_decay", 0.01 if d["kind"] == "adamw" else 0)
        if d["kind"] in ("sgd", "svrg", "momentum", "adam"):
            g = g + decay * w
        if d["kind"] in ("sgd", "svrg"):
            return w - RATE * g
        if d["kind"] == "momentum":
            mu = d.get("momentum", 0.9)
            s["m"] = mu * s["m"] + g
            return w - RATE * (g + mu * s["m"] if d.get("nesterov") else s["m"])
        if d["kind"] == "adafactor":
            return self.adafactor(s, w, g)
        b1, b2 = d.get("beta1", 0.9), d.get("beta2", 0.999)
        s["m"] = b1 * s["m"] + (1 - b1) * g
        s["v"] = b2 * s["v"] + (1 - b2) * g**2
        step = s["m"] / (1 - b1**t) / (np.sqrt(s["v"] / (1 - b2**t)) + 1e-8)
        return w - RATE * step - (RATE * decay * w if d["kind"] == "adamw" else 0)

    def adafactor(self, s, w, g):
        share = self.t**-0.8
        squares = g**2 + 1e-30
        if min(w.shape) > 1:
            s["r"] = (1 - share) * s["r"] + share * squares.mean(axis=1)
            s["c"] = (1 - share) * s["c"] + share * squares.mean(axis=0)
            v = np.outer(s["r"], s["c"]) / s["r"].mean()
        else:
            v = s["v"] = (1 - share) * s["v"] + share * squares
        u = g / np.sqrt(v)
        u = u / max(1, math.sqrt((u**2).mean()))
        h = RATE
        if self.d.get("relative_step"):
            h = min(h, 1 / math.sqrt(self.t)) * max(1e-3, math.sqrt((w**2).mean()))
        return w - h * u


def gradients_of(document, weights, batch):
    tape = Tape(weights)
    y, backs = forward(document["problem"]["model"], tape, np.array(batch["x"]))
    g = loss_gradient(document["problem"]["loss"], y, np.array(batch["target"]))
    for back in reversed(backs):
        g = back(g)
    return tape.gradients


def train(document, result):
    weights = {name: np.array(w) for name, w in result["before"].items()}
    optimizer = Optimizer(document["training"]["optimizer"])
    inner = document["training"]["optimizer"].get("inner")
    for t, batch in enumerate(result["batches"]):
        gradients = gradients_of(document, weights, batch)
        if inner and t % inner == 0:
            anchor, whole = weights, gradients_of(document, weights, result["all"])
        if inner:
            at_anchor = gradients_of(document, anchor, batch)
            gradients = {n: g - at_anchor[n] + whole[n] for n, g in gradients.items()}
        optimizer.t += 1
        weights = {n: optimizer.update(n, w, gradients[n]) for n, w in weights.items()}
    return weights


def main():
    documents = []
    for index, (model, optimizer) in enumerate(itertools.product(MODELS, OPTIMIZERS)):
        documents.append({
            "problem": {"model": model, "loss": loss_of(model, index),
                        "data": {"noise": 0.1, "samples": 9, "spectrum_exponent": 1}},
            "training": {"optimizer": optimizer, "learning_rate": RATE, "steps": STEPS, "batch": BATCH},
        })
    answer = subprocess.run([sys.argv[1]], input=json.dumps(documents), text=True, check=True,
                            stdout=subprocess.PIPE).stdout
    worst = 0.0
    for document, result in zip(documents, json.loads(answer), strict=True):
        expected = train(document, result)
        assert expected.keys() == result["after"].keys()
        for name, w in expected.items():
            got = np.array(result["after"][name])
            assert np.any(got != np.array(result["before"][name])), (document, name)
            error = np.max(np.abs(got - w) / np.maximum(1, np.abs(w)))
            assert error < 1e-12, (document, name, error)
            worst = max(worst, error)
    print(f"{len(documents)} trainings of {STEPS} steps, largest error {worst:.2g}")


main()
