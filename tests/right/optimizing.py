"""Right versions of the functions of `lessons/optimizing`."""

import math

import numpy as np
import torch

from right.version import plain_right, right


def check_step(step, recipe):
    if not 0 <= step < recipe.steps:
        raise ValueError("step")


@right("learning_rate_at")
def learning_rate_at_numpy(step, recipe):
    check_step(step, recipe)
    w = round(recipe.warm_up * recipe.steps, 6)
    if step < w:
        return recipe.learning_rate * min(1, (step + 1) / w)
    return float(recipe.learning_rate * 0.5 * (1 + np.cos(np.pi * (step - w) / (recipe.steps - w))))


@right("learning_rate_at")
def learning_rate_at_loop(step, recipe):
    """The whole schedule as a list."""
    check_step(step, recipe)
    rising = recipe.warm_up * recipe.steps
    shares = [min(1, (i + 1) / rising) for i in range(math.ceil(rising))]
    falling = range(len(shares), recipe.steps)
    shares += [math.cos(math.pi * (i - rising) / (recipe.steps - rising) / 2) ** 2 for i in falling]
    return recipe.learning_rate * shares[step]


@right("learning_rate_at")
def learning_rate_at_torch(step, recipe):
    check_step(step, recipe)
    w = torch.tensor(recipe.warm_up, dtype=torch.float64) * recipe.steps
    up = (step + 1) / w if w > 0 else torch.tensor(math.inf)
    down = (1 + torch.cos(math.pi * (step - w).clamp(min=0) / (recipe.steps - w))) / 2
    return recipe.learning_rate * float(torch.minimum(up.clamp(max=1), down) if step >= w else up.clamp(max=1))


@plain_right("learning_rate_at")
def learning_rate_at_as_the_formula_says(step, recipe):
    w, n = recipe.warm_up * recipe.steps, recipe.steps
    if step < w:
        return recipe.learning_rate * min(1, (step + 1) / w)
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - w) / (n - w))) / 2


def check_batches(n, batch_size):
    if n < 1 or batch_size < 1:
        raise ValueError("nothing")


@right("minibatches")
def minibatches_slices(n, batch_size, *, generator=None):
    check_batches(n, batch_size)
    while True:
        order = torch.randperm(n, generator=generator)
        for start in range(0, n, batch_size):
            yield order[start : start + batch_size]


class Batches:
    """An iterator class; the order comes from sorting random keys."""

    def __init__(self, n, batch_size, generator):
        check_batches(n, batch_size)
        self.n, self.batch_size, self.generator, self.left = n, batch_size, generator, []

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            self.left = torch.rand(self.n, generator=self.generator, dtype=torch.float64).argsort().tolist()
        batch, self.left = self.left[: self.batch_size], self.left[self.batch_size :]
        return torch.tensor(batch)


@right("minibatches")
def minibatches_class(n, batch_size, *, generator=None):
    return Batches(n, batch_size, generator)


@right("minibatches")
def minibatches_fisher_yates(n, batch_size, *, generator=None):
    """Swapping in a loop; refuses at once, and chains the rounds."""
    check_batches(n, batch_size)

    def rounds():
        while True:
            order = list(range(n))
            for i in range(n - 1, 0, -1):
                j = int(torch.randint(i + 1, (1,), generator=generator))
                order[i], order[j] = order[j], order[i]
            yield from torch.tensor(order).chunk(1)[0].split(batch_size)

    return rounds()


@right("minibatches")
def minibatches_drawn_out(n, batch_size, *, generator=None):
    """Draws from what is left, one at a time."""
    check_batches(n, batch_size)
    left = []
    while True:
        left = left or list(range(n))
        batch = [
            left.pop(int(torch.rand(1, generator=generator, dtype=torch.float64).item() * len(left)))
            for _ in range(min(batch_size, len(left)))
        ]
        yield torch.tensor(batch)


@plain_right("minibatches")
def minibatches_split(n, batch_size, *, generator=None):
    while True:
        yield from torch.randperm(n, generator=generator).split(batch_size)


def check_adamw(step, *tensors):
    if step < 1 or len({tensor.shape for tensor in tensors}) > 1:
        raise ValueError("step or shapes")


@right("adamw_step")
def adamw_step_in_place(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    """As torch writes it: in place, on copies."""
    check_adamw(step, parameters, gradient, mean, square)
    parameters, mean, square = parameters.clone(), mean.clone(), square.clone()
    parameters.mul_(1 - learning_rate * weight_decay)
    mean.lerp_(gradient, 1 - mean_decay)
    square.mul_(square_decay).addcmul_(gradient, gradient, value=1 - square_decay)
    denominator = (square.sqrt() / math.sqrt(1 - square_decay**step)).add_(1e-8)
    parameters.addcdiv_(mean, denominator, value=-learning_rate / (1 - mean_decay**step))
    return parameters, mean, square


@right("adamw_step")
def adamw_step_loop(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    check_adamw(step, parameters, gradient, mean, square)
    rows = []
    for p, g, m, s in zip(*(t.tolist() for t in (parameters, gradient, mean, square)), strict=True):
        m = mean_decay * m + (1 - mean_decay) * g
        s = square_decay * s + (1 - square_decay) * g * g
        towards = (m / (1 - mean_decay**step)) / (math.sqrt(s / (1 - square_decay**step)) + 1e-8)
        rows.append([p - learning_rate * (towards + weight_decay * p), m, s])
    return tuple(torch.tensor(column, dtype=torch.float64) for column in zip(*rows, strict=True))


@right("adamw_step")
def adamw_step_numpy(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    check_adamw(step, parameters, gradient, mean, square)
    p, g, m, s = (tensor.detach().numpy().astype(np.float64) for tensor in (parameters, gradient, mean, square))
    m = m + (1 - mean_decay) * (g - m)
    s = s + (1 - square_decay) * (g**2 - s)
    p = p - learning_rate * weight_decay * p
    p -= learning_rate * (m / (1 - mean_decay**step)) / (np.sqrt(s / (1 - square_decay**step)) + 1e-8)
    return [torch.from_numpy(x) for x in (p, m, s)]


@plain_right("adamw_step")
def adamw_step_as_the_paper_says(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    m = mean_decay * mean + (1 - mean_decay) * gradient
    v = square_decay * square + (1 - square_decay) * gradient**2
    m_hat, v_hat = m / (1 - mean_decay**step), v / (1 - square_decay**step)
    parameters = parameters - learning_rate * (m_hat / (torch.sqrt(v_hat) + 1e-8) + weight_decay * parameters)
    return parameters, m, v
