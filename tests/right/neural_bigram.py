"""Right versions of the functions of `lessons/neural_bigram`."""

import math

import numpy as np
import torch

from right.version import check_likelihood, plain_right, right


def check_logits(logits):
    largest = logits.detach().max(dim=-1).values
    if not torch.isfinite(largest).all():
        raise ValueError("no shares")


@right("softmax")
def softmax_written_out(logits):
    check_logits(logits)
    weights = torch.exp(logits - logits.max(dim=-1, keepdim=True).values)
    return weights / weights.sum(dim=-1, keepdim=True)


@right("softmax")
def softmax_torch(logits):
    check_logits(logits)
    return torch.softmax(logits, dim=-1)


@right("softmax")
def softmax_logsumexp(logits):
    """In float64, and through the logs."""
    check_logits(logits)
    logits = logits.double()
    return (logits - torch.logsumexp(logits, -1, keepdim=True)).exp()


@right("softmax")
def softmax_row_by_row(logits):
    check_logits(logits)
    if logits.ndim > 1:
        return torch.stack([softmax_row_by_row(part) for part in logits])
    weights = torch.exp(logits - max(logits.tolist()))
    return weights / sum(weights)


@right("softmax")
def softmax_transposed(logits):
    """The last axis brought to the front, where no keepdim is needed."""
    check_logits(logits)
    front = logits.movedim(-1, 0)
    weights = (front - front.amax(0)).exp()
    return (weights / weights.sum(0)).movedim(0, -1)


@plain_right("softmax")
def softmax_typed_along(logits):
    """The lecture's: what would be counts, and their shares."""
    counts = logits.exp()
    return counts / counts.sum(1, keepdim=True)


@plain_right("softmax")
def softmax_of_a_table(logits):
    return torch.softmax(logits, dim=1)


def check_batch(logits, targets):
    if targets.shape != logits.shape[:1] or len(targets) == 0:
        raise ValueError("batch")
    if targets.min() < 0 or targets.max() >= logits.shape[1]:
        raise IndexError("target")


@right("cross_entropy")
def cross_entropy_torch(logits, targets):
    check_batch(logits, targets)
    return torch.nn.functional.cross_entropy(logits, targets)


@right("cross_entropy")
def cross_entropy_logsumexp(logits, targets):
    check_batch(logits, targets)
    return (torch.logsumexp(logits, dim=1) - logits[range(len(targets)), targets]).mean()


@plain_right("cross_entropy")
def cross_entropy_one_hot(logits, targets):
    check_batch(logits, targets)
    hot = torch.nn.functional.one_hot(targets, logits.shape[1]).double()
    return -(hot * logits.double().log_softmax(dim=1)).sum() / len(targets)


@right("cross_entropy")
def cross_entropy_row_by_row(logits, targets):
    check_batch(logits, targets)
    total = 0
    for row, target in zip(logits, targets.tolist(), strict=True):
        shifted = row - row.max()
        total = total + shifted.exp().sum().log() - shifted[target]
    return total / len(targets)


@right("cross_entropy")
def cross_entropy_of_differences(logits, targets):
    """Log of the sum of exp(logit - target's logit)."""
    check_batch(logits, targets)
    differences = logits - logits.gather(1, targets[:, None])
    return torch.logsumexp(differences, dim=-1).sum() / targets.numel()


@plain_right("cross_entropy")
def cross_entropy_typed_along(logits, targets):
    """The lecture's: the log of the probabilities that were given to what came."""
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdim=True)
    return -probs[torch.arange(len(targets)), targets].log().mean()


@plain_right("cross_entropy")
def cross_entropy_log_of_the_sum(logits, targets):
    return (logits.exp().sum(1).log() - logits[torch.arange(len(targets)), targets]).mean()


def check_training(counts, steps, learning_rate, weight_penalty, weights):
    check_likelihood(counts, torch.full(counts.shape, 0.5))
    if steps < 0 or not 0 < learning_rate < math.inf or not 0 <= weight_penalty < math.inf:
        raise ValueError("settings")
    if weights is not None and weights.shape != counts.shape:
        raise ValueError("weights")


@right("train_neural_bigram")
def train_autograd(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """Soft targets and autograd; the losses are one tensor, and the weights still want a gradient."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    shares = counts / counts.sum()
    w = (torch.zeros(counts.shape) if weights is None else weights.detach().clone()).requires_grad_()

    def loss():
        return -(shares * torch.log_softmax(w, dim=1)).sum() + weight_penalty * (w**2).mean()

    first, losses = loss().item(), torch.zeros(steps)
    for step in range(steps):
        w.grad = None
        loss().backward()
        w.data -= learning_rate * w.grad
        losses[step] = loss().detach()
        if not losses[step] < 10 * first + 10:
            raise ValueError("diverges")
    return w, losses


@right("train_neural_bigram")
def train_one_hot(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """The lecture's: a one-hot row for each bigram, times the weights."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    size = len(counts)
    cells = torch.repeat_interleave(torch.arange(size * size), counts.flatten())
    xs, ys = cells // size, cells % size
    xenc = torch.nn.functional.one_hot(xs, num_classes=size).float()
    w = torch.zeros((size, size), requires_grad=True) if weights is None else weights.clone().requires_grad_(True)
    losses = []
    for step in range(steps + 1):
        logits = xenc @ w
        probs = logits - logits.logsumexp(1, keepdim=True)
        loss = -probs[torch.arange(len(ys)), ys].mean() + weight_penalty * (w**2).mean()
        if not losses or loss < losses[0] + 3:
            losses.append(loss.item())
        else:
            raise ValueError(f"the loss rose to {loss}")
        if step < steps:
            w.grad = None
            loss.backward()
            w.data += -learning_rate * w.grad
    return w.detach(), losses[1:]


@right("train_neural_bigram")
def train_numpy(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """The gradient written out, in float64; the losses are NumPy's numbers."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    shares = counts.numpy() / counts.numpy().sum()
    w = np.zeros(counts.shape) if weights is None else weights.detach().numpy().astype(float)

    def log_softmax():
        shifted = w - w.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    def loss():
        return weight_penalty * np.square(w).mean() - (shares * log_softmax()).sum()

    first, losses = loss(), []
    for _ in range(steps):
        gradient = shares.sum(1, keepdims=True) * np.exp(log_softmax()) - shares + 2 * weight_penalty * w / w.size
        w = w - learning_rate * gradient
        losses.append(loss())
        if not losses[-1] <= first + 1:
            raise ValueError("diverges")
    return torch.from_numpy(w), losses


@right("train_neural_bigram")
def train_loop(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """Cell by cell, without tensors; a tuple of losses and a list of both."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    total, size = int(counts.sum()), range(len(counts))
    table = counts.tolist()
    w = [[0.0 for _ in size] for _ in size] if weights is None else weights.tolist()

    def probabilities(row):
        exps = [math.exp(x - max(row)) for x in row]
        return [x / sum(exps) for x in exps]

    def loss():
        result = weight_penalty * sum(x * x for row in w for x in row) / len(w) ** 2
        for i in size:
            log_sum = max(w[i]) + math.log(sum(math.exp(x - max(w[i])) for x in w[i]))
            result += sum(table[i][j] * (log_sum - w[i][j]) for j in size) / total
        return result

    first, losses = loss(), []
    for _ in range(steps):
        new = []
        for i in size:
            p = probabilities(w[i])
            slopes = [(sum(table[i]) * p[j] - table[i][j]) / total for j in size]
            pulls = [2 * weight_penalty * x / len(w) ** 2 for x in w[i]]
            new.append([w[i][j] - learning_rate * (slopes[j] + pulls[j]) for j in size])
        w = new
        losses.append(loss())
        if losses[-1] > 2 * first + 5:
            raise ValueError("diverges")
    return [torch.tensor(w, dtype=torch.float64), tuple(losses)]


@right("train_neural_bigram")
def train_sgd(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """torch's own optimizer, and its cross-entropy with probabilities for targets."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    row_sums = counts.sum(1)
    seen = row_sums > 0
    rows = counts[seen] / row_sums[seen, None]
    w = torch.nn.Parameter(torch.zeros(counts.shape) if weights is None else weights.detach().clone())
    optimizer = torch.optim.SGD([w], lr=learning_rate, weight_decay=0)

    def loss():
        each = torch.nn.functional.cross_entropy(w[seen], rows, reduction="none")
        return (each * row_sums[seen] / row_sums.sum()).sum() + weight_penalty * w.square().mean()

    first, losses = loss().item(), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        losses.append(loss().detach())
        if not torch.isfinite(losses[-1]) or losses[-1] > 100 * max(first, 0.1):
            raise ValueError("diverges")
    return w.data, losses


@plain_right("train_neural_bigram")
def train_typed_along(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """The lecture's, begun with zeros, and with the loss that is noted after the step."""
    size = len(counts)
    xs = [i for i in range(size) for j in range(size) for _ in range(counts[i, j])]
    ys = [j for i in range(size) for j in range(size) for _ in range(counts[i, j])]
    xenc = torch.nn.functional.one_hot(torch.tensor(xs), num_classes=size).float()
    W = torch.zeros((size, size)) if weights is None else weights.clone()
    W.requires_grad = True

    def forward():
        logits = xenc @ W
        exps = logits.exp()
        probs = exps / exps.sum(1, keepdims=True)
        return -probs[torch.arange(len(ys)), ys].log().mean() + weight_penalty * (W**2).mean()

    losses = []
    for _ in range(steps):
        loss = forward()
        W.grad = None
        loss.backward()
        W.data += -learning_rate * W.grad
        losses.append(forward().item())
    return W, losses


@plain_right("train_neural_bigram")
def train_on_the_counts(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """The gradient written out."""
    shares = counts / counts.sum()
    learned = torch.zeros(counts.shape) if weights is None else weights
    losses = []
    for _ in range(steps):
        expected = shares.sum(1, keepdim=True) * torch.softmax(learned, 1)
        learned = learned - learning_rate * (expected - shares + 2 * weight_penalty * learned / learned.numel())
        loss = -(shares * torch.log_softmax(learned, 1)).sum() + weight_penalty * (learned**2).mean()
        losses.append(loss.item())
    return learned, losses
