"""Right versions of the functions of `lessons/training`."""

import operator

import numpy as np
import torch

import bigramlab
from right.contexts import count_contexts_dict
from right.mlp import mlp_logits_indexing, mlp_logits_slices, mlp_logits_typed_along
from right.optimizing import adamw_step_in_place, learning_rate_at_numpy
from right.version import check_examples, check_ids, plain_right, right


def weighed_loss(logits, targets):
    return torch.nn.functional.cross_entropy(logits, targets.long())


def check_mlp_training(parameters, contexts, targets):
    check_ids(parameters, contexts)
    check_examples(contexts, targets, len(parameters.embedding))
    if not len(targets):
        raise ValueError("empty")


def drop(x, share, generator):
    return x * (torch.rand(x.shape, generator=generator) >= share) / (1 - share)


@right("train_mlp")
def train_mlp_plainly(parameters, contexts, targets, recipe=None, *, dev=None, generator=None, progress=True):
    """Every example as it is; torch's AdamW; the dev loss after each step."""
    recipe = recipe or bigramlab.Recipe()
    check_mlp_training(parameters, contexts, targets)
    embedding = parameters.embedding.clone().requires_grad_()
    weights = [weight.clone().requires_grad_() for weight in parameters.weights]
    biases = [bias.clone().requires_grad_() for bias in parameters.biases]

    def network():
        return bigramlab.MLP(
            embedding.detach().clone(),
            tuple(weight.detach().clone() for weight in weights),
            tuple(bias.detach().clone() for bias in biases),
        )

    optimizer = torch.optim.AdamW(
        [embedding, *weights, *biases], lr=1.0, betas=(0.9, 0.99), weight_decay=recipe.weight_decay
    )
    losses, dev_losses, best, order = [], [], None, []
    for step in range(recipe.steps):
        if not order:
            order = torch.randperm(len(targets), generator=generator).tolist()
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        x = embedding[contexts[batch]].flatten(1)
        for number, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            if number < len(recipe.dropout):
                x = drop(x, recipe.dropout[number], generator)
            x = x @ weight + bias
            if number < len(weights) - 1:
                x = torch.nn.functional.silu(x)
        loss = weighed_loss(x, targets[batch])
        losses.append(loss.item())
        if not losses[-1] < 100:
            raise ValueError("the learning rate is too large")
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = learning_rate_at_numpy(step, recipe)
        optimizer.step()
        if dev:
            dev_losses.append((step + 1, weighed_loss(mlp_logits_indexing(network(), dev[0]), dev[1]).item()))
            if dev_losses[-1] == min(dev_losses, key=lambda pair: pair[1]):
                best = network()
    return bigramlab.Training(network(), best or network(), losses, dev_losses)


@plain_right("train_mlp")
def train_mlp_typed_along(parameters, contexts, targets, recipe, *, dev=None, generator=None, progress=True):
    """As the lecture does, each tensor by itself, but with AdamW: the batches are pieces of a shuffled order."""
    layers = len(parameters.weights)
    ps = [p.clone() for p in [parameters.embedding, *parameters.weights, *parameters.biases]]
    for p in ps:
        p.requires_grad = True
    net = bigramlab.MLP(ps[0], ps[1 : 1 + layers], ps[1 + layers :])
    opt = torch.optim.AdamW(ps, betas=(0.9, 0.99), weight_decay=recipe.weight_decay)
    lossi, devi, perm, best = [], [], [], net
    for i in range(recipe.steps):
        if len(perm) == 0:
            perm = torch.randperm(len(contexts), generator=generator)
        ix, perm = perm[: recipe.batch_size], perm[recipe.batch_size :]
        h = net.embedding[contexts[ix]].view(len(ix), -1)
        for j, (W, b) in enumerate(zip(net.weights, net.biases)):  # noqa: B905
            if j < len(recipe.dropout):
                h = drop(h, recipe.dropout[j], generator)
            h = h @ W + b
            if j < layers - 1:
                h = h * torch.sigmoid(h)
        loss = torch.nn.functional.cross_entropy(h, targets[ix])
        for p in ps:
            p.grad = None
        loss.backward()
        opt.param_groups[0]["lr"] = learning_rate_at_numpy(i, recipe)
        opt.step()
        lossi.append(loss.item())
        if dev:
            devi.append((i + 1, torch.nn.functional.cross_entropy(mlp_logits_typed_along(net, dev[0]), dev[1]).item()))
            if devi[-1][1] == min(loss for _, loss in devi):
                copies = [p.detach().clone() for p in ps]
                best = bigramlab.MLP(copies[0], copies[1 : 1 + layers], copies[1 + layers :])
    return bigramlab.Training(net, best, lossi, devi)


@right("train_mlp")
def train_mlp_piece_by_piece(parameters, contexts, targets, recipe=None, *, dev=None, generator=None, progress=True):
    """Distinct contexts, each once, weighed by how often it came; AdamW written out for each tensor; few dev scores."""
    recipe = recipe or bigramlab.Recipe()
    check_mlp_training(parameters, contexts, targets)
    contexts, counts = count_contexts_dict(contexts, targets, len(parameters.embedding))
    pieces = [parameters.embedding, *parameters.weights, *parameters.biases]
    means, squares = [torch.zeros_like(p) for p in pieces], [torch.zeros_like(p) for p in pieces]
    layers = len(parameters.weights)
    losses, scored, order = [], [], torch.empty(0, dtype=torch.int64)

    def network():
        return bigramlab.MLP(pieces[0], tuple(pieces[1 : 1 + layers]), tuple(pieces[1 + layers :]))

    for step in range(1, recipe.steps + 1):
        if not len(order):
            order = torch.randperm(len(contexts), generator=generator)
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        leaves = [piece.detach().clone().requires_grad_() for piece in pieces]
        x = leaves[0][contexts[batch]].flatten(1)
        for number in range(layers):
            if number < len(recipe.dropout):
                x = drop(x, recipe.dropout[number], generator)
            x = x @ leaves[1 + number] + leaves[1 + layers + number]
            x = x * x.sigmoid() if number < layers - 1 else x
        loss = -(counts[batch] * x.log_softmax(1)).sum() / counts[batch].sum()
        losses.append(loss.item())
        loss.backward()
        for i, leaf in enumerate(leaves):
            pieces[i], means[i], squares[i] = adamw_step_in_place(
                pieces[i],
                leaf.grad,
                means[i],
                squares[i],
                step,
                learning_rate=learning_rate_at_numpy(step - 1, recipe),
                weight_decay=recipe.weight_decay,
            )
        if not all(piece.isfinite().all() for piece in pieces) or not losses[-1] < 50:
            raise ValueError("it goes astray")
        if dev and (step % -(-recipe.steps // 20) == 0 or step == recipe.steps):
            loss = weighed_loss(mlp_logits_slices(network(), dev[0]), dev[1]).item()
            scored.append((loss, step, network()))
    best = min(scored, key=operator.itemgetter(0))[2] if scored else network()
    return bigramlab.Training(network(), best, losses, [(step, loss) for loss, step, _ in scored])


@right("train_mlp")
@np.errstate(over="ignore", invalid="ignore")  # a rate that is too large is noticed by its loss
def train_mlp_numpy(parameters, contexts, targets, recipe=None, *, dev=None, generator=None, progress=True):
    """In NumPy and double precision, the gradient by the chain rule, written out; AdamW as its paper has it."""
    recipe = recipe or bigramlab.Recipe()
    check_mlp_training(parameters, contexts, targets)
    embedding, *rest = [p.detach().double().numpy().copy() for p in (parameters[0], *parameters[1], *parameters[2])]
    layers = len(parameters.weights)
    contexts, targets = contexts.numpy(), targets.numpy()

    def forward(contexts, dropout):
        x, inputs, sums, masks = embedding[contexts].reshape(len(contexts), -1), [], [], []
        for layer in range(layers):
            mask = np.ones_like(x)
            if layer < len(dropout):
                kept = torch.rand(x.shape, generator=generator).numpy() >= dropout[layer]
                mask = kept / (1 - dropout[layer])
            inputs.append(x * mask)
            masks.append(mask)
            sums.append(inputs[-1] @ rest[layer] + rest[layers + layer])
            x = sums[-1] / (1 + np.exp(-sums[-1]))
        return inputs, sums, masks

    def loss_of(logits, targets):
        logits = logits - logits.max(axis=1, keepdims=True)
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return -log_probs[np.arange(len(targets)), targets].mean(), np.exp(log_probs)

    def network():
        tensors = [torch.from_numpy(piece.copy()) for piece in (embedding, *rest)]
        return bigramlab.MLP(tensors[0], tuple(tensors[1 : 1 + layers]), tuple(tensors[1 + layers :]))

    means, squares = [np.zeros_like(p) for p in (embedding, *rest)], [np.zeros_like(p) for p in (embedding, *rest)]
    losses, dev_losses, best, order = [], [], None, []
    for step in range(1, recipe.steps + 1):
        if not order:
            order = torch.randperm(len(targets), generator=generator).tolist()
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        inputs, sums, masks = forward(contexts[batch], recipe.dropout)
        loss, slope = loss_of(sums[-1], targets[batch])
        losses.append(float(loss))
        if not losses[-1] < 100:
            raise ValueError("the learning rate is too large")
        slope[np.arange(len(batch)), targets[batch]] -= 1
        slope /= len(batch)
        gradients = [np.zeros_like(p) for p in (embedding, *rest)]
        for layer in reversed(range(layers)):
            gradients[1 + layer] = inputs[layer].T @ slope
            gradients[1 + layers + layer] = slope.sum(axis=0)
            slope = slope @ rest[layer].T * masks[layer]
            if layer:
                gate = 1 / (1 + np.exp(-sums[layer - 1]))
                slope = slope * gate * (1 + sums[layer - 1] * (1 - gate))
        np.add.at(gradients[0], contexts[batch], slope.reshape(len(batch), -1, embedding.shape[1]))
        rate = learning_rate_at_numpy(step - 1, recipe)
        for piece, gradient, mean, square in zip((embedding, *rest), gradients, means, squares, strict=True):
            mean += 0.1 * (gradient - mean)
            square += 0.01 * (gradient**2 - square)
            piece *= 1 - rate * recipe.weight_decay
            piece -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        if dev:
            score = float(loss_of(forward(dev[0].numpy(), ())[1][-1], dev[1].numpy())[0])
            if all(score < other for _, other in dev_losses):
                best = network()
            dev_losses.append((step, score))
    return bigramlab.Training(network(), best or network(), losses, dev_losses)
