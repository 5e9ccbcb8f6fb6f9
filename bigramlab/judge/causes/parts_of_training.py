"""What can go wrong in the parts of training: the step, its rate, and the loop around them."""

import math
from itertools import product
from typing import Any

import torch

from bigramlab.judge.causes.families import Choice, Part, family


def _as_it_is(weights: Any) -> Any:
    return weights


CUT: list[Choice] = [
    *((f"gradient_cut_to_{c:g}", lambda g, c=c: g * min(1.0, c / max(float(g.norm()), 1e-12)), f"A gradient longer than {c:g} is cut to that length, as `clip_grad_norm_` does, and should be used as it is.") for c in (1.0, 0.5, 0.1, 0.01, 5.0, 10.0)),
    *((f"gradient_held_within_{c:g}", lambda g, c=c: g.clamp(-c, c), f"The gradient is held between -{c:g} and {c:g}, as `clip_grad_value_` does, and should be used as it is.") for c in (1.0, 0.5, 0.1, 0.01, 5.0, 10.0)),
]  # fmt: skip
ADAMW: list[Part] = [
    ("afterwards", lambda new, left, old, decay: new, [
        ("decay_after_the_step", lambda new, left, old, decay: (new - left + old) * (1 - decay), "The parameters decay after the step, and should before it: what decays is the old ones.")]),
    ("gradient", _as_it_is, CUT),
    ("named", lambda b, c: (b, c), [
        ("decays_exchanged_everywhere", lambda b, c: (c, b), "`mean_decay` and `square_decay` are exchanged, wherever they stand."),
        ("mean_decay_for_both", lambda b, c: (b, b), "`mean_decay` is used for the squares, too, and `square_decay` should be."),
        ("square_decay_for_both", lambda b, c: (c, c), "`square_decay` is used for the mean, too, and `mean_decay` should be."),
        *((f"decays_of_{b:g}_and_{c:g}_typed_in", lambda _, __, b=b, c=c: (b, c), f"The decays are typed in, {b:g} and {c:g}, and those that are given are not used.") for b in (0.9, 0.85) for c in (0.99, 0.999, 0.95))]),
    ("mean", lambda m, g, b: b * m + (1 - b) * g, [
        ("mean_decay_turned_around", lambda m, g, b: (1 - b) * m + b * g, "In the running mean the shares are exchanged: `mean_decay` is how much is kept."),
        ("gradient_added_whole_to_the_mean", lambda m, g, b: b * m + g, "The gradient is added to the running mean in full, and should be by its share, 1 - mean_decay."),
        ("gradient_for_the_mean", lambda m, g, b: g, "The gradient stands in the place of its running mean."),
        ("mean_not_moved", lambda m, g, b: m, "The running mean is never moved on."),
        ("mean_divided_by_the_other", lambda m, g, b: m + (1 - b) * g, "The running mean is never made smaller before the gradient is added.")]),
    ("square", lambda s, g, m, b: b * s + (1 - b) * g**2, [
        ("square_decay_turned_around", lambda s, g, m, b: (1 - b) * s + b * g**2, "In the running mean of the squares the shares are exchanged: `square_decay` is how much is kept."),
        ("square_added_whole", lambda s, g, m, b: b * s + g**2, "The square is added to its running mean in full, and should be by its share, 1 - square_decay."),
        ("gradient_not_squared", lambda s, g, m, b: b * s + (1 - b) * g, "The gradient is not squared."),
        ("absolute_for_squared", lambda s, g, m, b: b * s + (1 - b) * g.abs(), "The gradient's size is taken, and should be its square."),
        ("mean_of_the_squares", lambda s, g, m, b: b * s + (1 - b) * (g**2).mean(), "The squares of all parameters are averaged, and each should keep its own."),
        ("square_of_the_mean", lambda s, g, m, b: b * s + (1 - b) * m**2, "The running mean is squared, and should be the gradient."),
        ("square_of_this_gradient_alone", lambda s, g, m, b: g**2, "The square of this gradient stands in the place of the running mean."),
        ("square_not_moved", lambda s, g, m, b: s, "The running mean of the squares is never moved on."),
        ("square_never_smaller", lambda s, g, m, b: torch.maximum(s, b * s + (1 - b) * g**2), "The running mean of the squares may only grow: the larger one is kept, as AMSGrad does."),
        ("square_of_what_wavers", lambda s, g, m, b: b * s + (1 - b) * (g - m) ** 2, "The gradient's distance from its running mean is squared, as AdaBelief does, and should be the gradient."),
        ("squares_added_up", lambda s, g, m, b: s + g**2, "The squares are added up, as in Adagrad, and should be a running mean.")]),
    ("stepped_with", lambda old, new, g, b: new, [
        ("old_means_in_the_step", lambda old, new, g, b: old, "The step goes along the means as they came, and should along those that were just moved on."),
        ("old_mean_in_the_step", lambda old, new, g, b: (old[0], new[1]), "The step goes along the running mean as it came, and should along the one that was just moved on."),
        ("old_square_in_the_step", lambda old, new, g, b: (new[0], old[1]), "The step is divided by the root of the squares as they came, and should be by that of those that were just moved on."),
        ("nesterov", lambda old, new, g, b: (b * new[0] + (1 - b) * g, new[1]), "The step looks ahead: the gradient is mixed into the mean once more, as NAdam does."),
        ("gradient_for_the_mean_in_the_step", lambda old, new, g, b: (g, new[1]), "The step goes along this gradient alone, and should along the running mean of all.")]),
    ("corrected", lambda m, s, b, c, t: (m / (1 - b**t), s / (1 - c**t)), [
        ("means_not_corrected", lambda m, s, b, c, t: (m, s), "The means are not divided by 1 - decay^step, so the first steps are wrong."),
        ("only_the_mean_corrected", lambda m, s, b, c, t: (m / (1 - b**t), s), "The mean of the squares is not corrected."),
        ("only_the_square_corrected", lambda m, s, b, c, t: (m, s / (1 - c**t)), "The mean of the gradients is not corrected."),
        ("corrected_with_one_step_too_many", lambda m, s, b, c, t: (m / (1 - b ** (t + 1)), s / (1 - c ** (t + 1))), "The correction counts a step too many: `step` begins with 1 already."),
        ("corrected_with_one_step_too_few", lambda m, s, b, c, t: (m / (1 - b ** (t - 1)), s / (1 - c ** (t - 1))), "The correction counts a step too few: `step` begins with 1."),
        ("steps_counted_from_0", lambda m, s, b, c, t: (m / ((1 - b ** (t - 1)) or 1), s / ((1 - c ** (t - 1)) or 1)), "The correction counts a step too few: `step` begins with 1."),
        ("corrected_without_the_power", lambda m, s, b, c, t: (m / (1 - b), s / (1 - c)), "The correction divides by 1 - decay, at each step: the power `**step` is missing."),
        ("mean_corrected_by_steps_times_decay", lambda m, s, b, c, t: (m / (1 - b * t), s / (1 - c**t)), "The mean's correction multiplies decay and step, and should raise to the power."),
        ("square_corrected_by_steps_times_decay", lambda m, s, b, c, t: (m / (1 - b**t), s / (1 - c * t)), "The correction of the squares multiplies decay and step, and should raise to the power."),
        ("corrected_by_steps_times_decay", lambda m, s, b, c, t: (m / (1 - b * t), s / (1 - c * t)), "The correction multiplies decay and step, and should raise to the power."),
        ("corrections_exchanged", lambda m, s, b, c, t: (m / (1 - c**t), s / (1 - b**t)), "The corrections of the two means are exchanged."),
        ("multiplied_by_the_correction", lambda m, s, b, c, t: (m * (1 - b**t), s * (1 - c**t)), "The means are multiplied by 1 - decay^step, and should be divided.")]),
    ("way", lambda m, s: m / (s.sqrt() + 1e-8), [
        ("root_forgotten", lambda m, s: m / (s + 1e-8), "The root of the squares is forgotten."),
        ("small_number_under_the_root", lambda m, s: m / (s + 1e-8).sqrt(), "The 1e-8 stands under the root, and should be added to it."),
        ("no_small_number", lambda m, s: m / s.sqrt(), "The 1e-8 is missing, so a gradient of 0 gives 0 / 0 = nan."),
        ("small_number_of_1e_3", lambda m, s: m / (s.sqrt() + 1e-3), "The small number is 1e-3, and should be 1e-8."),
        ("small_number_of_1e_7", lambda m, s: m / (s.sqrt() + 1e-7), "The small number is 1e-7, and should be 1e-8."),
        ("small_number_of_1e_6", lambda m, s: m / (s.sqrt() + 1e-6), "The small number is 1e-6, and should be 1e-8."),
        ("small_number_of_1e_5", lambda m, s: m / (s.sqrt() + 1e-5), "The small number is 1e-5, and should be 1e-8."),
        ("multiplied_by_the_root", lambda m, s: m * (s.sqrt() + 1e-8), "The mean is multiplied by the root, and should be divided by it."),
        ("not_divided", lambda m, s: m, "The mean is not divided by the root of the squares."),
        ("sign_of_the_mean", lambda m, s: m.sign(), "Only the sign of the mean is used."),
        ("the_means_exchanged", lambda m, s: s / (m.sqrt() + 1e-8), "The two means are exchanged in the step.")]),
    ("decayed", lambda p, r, w: (p * (1 - r * w), 0), [
        ("decay_left_out", lambda p, r, w: (p, 0), "`weight_decay` is not used."),
        ("decay_without_the_rate", lambda p, r, w: (p * (1 - w), 0), "The decay is not multiplied by the learning rate."),
        ("decay_in_the_gradient", lambda p, r, w: (p, w), "The decay is added to the gradient, as in plain Adam, where the division by the root undoes it."),
        ("decay_pushes_away_from_0", lambda p, r, w: (p * (1 + r * w), 0), "The decay has the wrong sign: it pushes away from 0."),
        ("decay_twice", lambda p, r, w: (p * (1 - 2 * r * w), 0), "The decay is twice as strong as it should be."),
        ("decay_of_a_constant", lambda p, r, w: (p - r * w, 0), "The decay is subtracted as it is, and should shrink each parameter by a share of itself.")]),
    ("sign", -1, [("uphill", 1, "The step is added, and should be subtracted: it goes uphill.")]),
    ("rate", lambda r: r, [("rate_left_out", lambda r: 1, "The learning rate is not used for the step.")]),
    ("decays", lambda b, c: (b, c), [("decays_swapped", lambda b, c: (c, b), "The two decays are exchanged."),
                                     ("shares_turned_around", lambda b, c: (1 - b, 1 - c), "In both running means the shares are exchanged: a decay is how much is kept.")]),
    ("kept", "raw", [("corrected_means_kept", "corrected", "The corrected means are returned for the next step, which corrects them again."),
                     ("old_means_kept", "old", "The means are returned as they came, and should be moved on.")]),
]  # fmt: skip


def adamw(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    """Make a step of AdamW, with what is chosen in the place of some of its parts."""
    p, g, t, r = given["parameters"], given["gradient"], given["step"], given["learning_rate"]
    b, c = chosen["named"](given["mean_decay"], given["square_decay"])
    kept, kept_of_squares = chosen["decays"](b, c)
    p_left, in_gradient = chosen["decayed"](p, r, given["weight_decay"])
    g = chosen["gradient"](g + in_gradient * p)
    mean = chosen["mean"](given["mean"], g, kept)
    square = chosen["square"](given["square"], g, mean, kept_of_squares)
    stepped = chosen["stepped_with"]((given["mean"], given["square"]), (mean, square), g, b)
    corrected = chosen["corrected"](*stepped, b, c, t)
    moved = p_left + chosen["sign"] * chosen["rate"](r) * chosen["way"](*corrected)
    moved = chosen["afterwards"](moved, p_left, p, r * given["weight_decay"])
    means = {"raw": (mean, square), "corrected": corrected, "old": (given["mean"], given["square"])}[chosen["kept"]]
    return (moved, *means)


def _sizes(weights: Any) -> Any:
    return weights.abs().mean()


TRAIN: list[Part] = [
    ("counted", lambda n: n, [
        ("every_bigram_once", lambda n: (n > 0).to(n.dtype), "Each bigram counts once, however often it stands in the text."),
        ("next_for_current", lambda n: n.T, "Rows and columns are swapped: the row is the current token."),
        ("rows_weighted_alike", lambda n: n / n.sum(1, keepdim=True).clamp(min=1e-9), "Each row counts alike, however often its token stands in the text: the rows are divided by their sums first."),
        ("smoothed_unasked", lambda n: n + 1, "1 is added to the counts, unasked.")]),
    ("start", 0.0, [("start_at_1", 1.0, "The weights begin at 1, and should at 0."), ("start_at_a_hundredth", 0.01, "The weights begin at 0.01, and should at 0.")]),
    ("size", lambda n: n.sum(), [
        ("sum_for_the_mean", lambda n: 1.0, "The gradient is that of the sum of all losses, and should be that of their mean, so the steps are far too long."),
        ("mean_over_the_cells", lambda n: n.numel(), "The sum is divided by the number of cells, and should be by that of the bigrams."),
        ("divided_by_the_cells_too", lambda n: n.sum() * n.numel(), "A mean is taken over the cells of what is a mean over the bigrams already, so each step is far too short."),
        ("mean_over_the_rows", lambda n: len(n), "The sum is divided by the number of rows, and should be by that of the bigrams."),
        ("mean_over_the_cells_counted", lambda n: (n > 0).sum(), "The sum is divided by the number of different bigrams, and should be by that of all."),
        ("divided_by_twice", lambda n: 2 * n.sum(), "The loss is divided by twice the number of bigrams.")]),
    ("shares", _as_it_is, [("softmax_taken_twice", lambda w: w.softmax(1), "softmax is taken twice: of shares, and not of the weights.")]),
    ("objective", None, [
        ("one_minus_p_for_the_loss", lambda w, n: 1 - (n / n.sum() * w.softmax(1)).sum(), "What is lowered is the mean of 1 - p, and should be the mean of -log p."),
        ("squared_error_for_the_loss", lambda w, n: ((w.softmax(1) - n / n.sum(1, keepdim=True).clamp(min=1)) ** 2).mean(), "What is lowered is the squared error of the shares, and should be the mean of -log p."),
        ("squared_errors_of_the_rows_for_the_loss", lambda w, n: (((w.softmax(1) - n / n.sum(1, keepdim=True).clamp(min=1)) ** 2).sum(1)).mean(), "What is lowered are the squared errors of the shares, added up in each row, and should be the mean of -log p.")]),
    ("axis", 1, [("softmax_down_the_columns", 0, "softmax runs down the columns, and should run along the rows."),
                 ("softmax_over_the_whole_table", None, "One softmax is taken of the whole table, and should be of each row.")]),
    ("sign", -1, [("uphill", 1, "The gradient is added, and should be subtracted: it goes uphill.")]),
    ("pull", 2.0, [("penalty_not_in_the_gradient", 0.0, "The penalty is not in the gradient."), ("penalty_without_its_2", 1.0, "The gradient of the penalty lacks its factor of 2."),
                   ("penalty_pushes_away_from_0", -2.0, "The penalty pushes the weights away from 0."), ("half_of_the_penalty", 0.5, "The penalty's pull is a quarter of what it should be.")]),
    ("penalized", lambda w: (w**2).mean(), [
        ("penalty_on_the_sum", lambda w: (w**2).sum(), "The penalty takes the sum of the squared weights, and should take their mean."),
        ("penalty_not_in_the_loss", lambda w: 0 * w.sum(), "The penalty is not in the loss."),
        ("penalty_on_the_sizes", _sizes, "The penalty takes the sizes of the weights, and should take their squares."),
        ("penalty_halved", lambda w: (w**2).mean() / 2, "The penalty in the loss is halved.")]),
    ("pulled_by", "mean", [("pull_of_the_sum", "sum", "The pull is that of the sum of the squared weights, and should be that of their mean."),
                           ("pull_of_weight_decay", "decay", "The pull is penalty · weights, as the `weight_decay` of `SGD` is, and should be 2 · penalty · weights / how many there are."),
                           ("pull_of_the_sizes", "sizes", "The pull is that of the sizes of the weights, and should be that of their squares.")]),
    ("noted", "after", [("losses_before_the_steps", "before", "The losses are noted before the steps, and should be after each."),
                        ("losses_without_the_penalty", "plain", "The losses are noted without the penalty."),
                        ("loss_of_the_start_included", "both", "The loss before the first step is noted, too."),
                        ("last_loss_only", "last", "Only the last loss comes back."),
                        ("no_losses", "none", "No losses come back.")]),
    ("unit", 1.0, [("losses_in_bits", 1 / math.log(2), "The losses are in bits, and should be in nats."),
                   ("losses_without_minus", -1.0, "The minus of the losses is missing.")]),
    ("loss_size", None, [("losses_of_the_sum", "sum", "The losses are sums, and should be means.")]),
    ("way", lambda slopes, t, n: slopes[-1], [
        ("gradient_not_reset", lambda slopes, t, n: sum(slopes), "The gradients of all steps add up: they are not set back to 0."),
        ("momentum", lambda slopes, t, n: sum(slope * 0.9 ** (len(slopes) - 1 - i) for i, slope in enumerate(slopes)), "Each step goes on with nine tenths of the one before: momentum, and plain gradient descent is asked for."),
        ("adam_for_the_gradient", lambda slopes, t, n: _adam(slopes, 0.999), "The steps are Adam's, and plain gradient descent is asked for."),
        ("adam_of_ours_for_the_gradient", lambda slopes, t, n: _adam(slopes, 0.99), "The steps are Adam's, and plain gradient descent is asked for."),
        ("sign_of_the_gradient", lambda slopes, t, n: slopes[-1].sign(), "Only the sign of the gradient is used."),
        ("gradient_of_length_1", lambda slopes, t, n: slopes[-1] / slopes[-1].norm(), "The gradient is divided by its length."),
        *((name, lambda slopes, t, n, cut=cut: cut(slopes[-1]), wrong) for name, cut, wrong in CUT),
        *((f"rate_{name}_after_half", lambda slopes, t, n, to=to, whole=whole: slopes[-1] * (1 if t < (n // 2 if whole else n / 2) else to), f"The learning rate {text} after half of the steps.")
          for (name, to, text), whole in product([("halved", 0.5, "is halved"), ("a_tenth", 0.1, "falls to a tenth")], [False, True])),
        *((f"rate_{name}_at_each_step_after_half", lambda slopes, t, n, to=to: slopes[-1] * to ** max(0, t + 1 - n // 2), f"The learning rate {text} at each step after half of them, and not once.")
          for name, to, text in [("halved", 0.5, "is halved"), ("a_tenth", 0.1, "falls to a tenth")]),
        ("rate_falls_to_0", lambda slopes, t, n: slopes[-1] * (1 - t / n), "The learning rate falls to 0 along a line."),
        ("rate_falls_with_the_steps", lambda slopes, t, n: slopes[-1] / (t + 1), "The learning rate is divided by the number of the step."),
        ("mean_of_the_gradients", lambda slopes, t, n: sum(slopes) / len(slopes), "The mean of all gradients so far is used.")]),
    ("fresh", True, [("gradient_taken_once", False, "The gradient is taken once, and should be anew at each step.")]),
    ("more", 0, [("one_step_too_few", -1, "It takes one step too few."), ("one_step_too_many", 1, "It takes one step too many.")]),
    ("rate", 1.0, [("a_tenth_of_the_rate", 0.1, "It goes a tenth as far as it should in each step."), ("half_of_the_rate", 0.5, "It goes half as far as it should in each step."),
                   ("twice_the_rate", 2.0, "It goes twice as far as it should in each step.")]),
    ("given", True, [("given_weights_unused", False, "The weights that are given are not used.")]),
    ("gives", lambda w: w, [("probabilities_for_weights", lambda w: w.softmax(1), "Probabilities come back, and should be the weights."),
                            ("weights_transposed", lambda w: w.T, "The weights come back transposed."),
                            ("exp_of_the_weights", lambda w: w.exp(), "exp of the weights comes back, and should be the weights.")]),
]  # fmt: skip


def _adam(slopes: Any, decay: float) -> Any:
    """Return the step of Adam after these gradients."""
    mean = square = torch.zeros_like(slopes[0])
    for slope in slopes:
        mean, square = 0.9 * mean + 0.1 * slope, decay * square + (1 - decay) * slope**2
    return mean / (1 - 0.9 ** len(slopes)) / ((square / (1 - decay ** len(slopes))).sqrt() + 1e-8)


def _train(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    counts = chosen["counted"](given["counts"]).double()
    size, penalty, axis = chosen["size"](counts), given["weight_penalty"], chosen["axis"]
    weights = torch.full_like(counts, chosen["start"])
    if given["weights"] is not None and chosen["given"]:
        weights = given["weights"].detach().double().clone()

    def log_probs(weights: Any) -> Any:
        logits = chosen["shares"](weights)
        return logits.log_softmax(axis) if axis is not None else (logits.flatten().log_softmax(0)).view_as(logits)

    def loss() -> float:
        plain = -(counts * log_probs(weights)).sum() / (1 if chosen["loss_size"] else size)
        plain = chosen["objective"](weights, counts) if chosen["objective"] else plain
        more = 0 if chosen["noted"] == "plain" or not penalty else penalty * chosen["penalized"](weights)
        return float((plain + more) * chosen["unit"])

    def gradient() -> Any:
        if chosen["objective"]:
            leaf = weights.detach().clone().requires_grad_()
            slope = torch.autograd.grad(chosen["objective"](leaf, counts), leaf)[0] * size
        elif chosen["shares"] is _as_it_is:
            expected = counts.sum() if axis is None else counts.sum(axis, keepdim=True)
            slope = expected * log_probs(weights).exp() - counts
        else:
            leaf = weights.detach().clone().requires_grad_()
            (slope,) = torch.autograd.grad(-(counts * log_probs(leaf)).sum(), leaf)
        pulled = {"mean": weights / weights.numel(), "sum": weights, "decay": weights / 2,
                  "sizes": weights.sign() / weights.numel() / 2}  # fmt: skip
        by = "sizes" if chosen["penalized"] is _sizes else chosen["pulled_by"]
        return slope / size + chosen["pull"] * penalty * pulled[by]

    losses, slopes, steps = [loss()], [], given["steps"] + chosen["more"]
    first = gradient()
    for step in range(steps):
        slopes.append(gradient() if chosen["fresh"] else first)
        way = chosen["way"](slopes, step, steps)
        weights = weights + chosen["sign"] * given["learning_rate"] * chosen["rate"] * way
        losses.append(loss())
    after: dict[str, Any] = {"before": losses[:-1], "both": losses, "last": losses[-1], "none": None}
    weights = chosen["gives"](weights)
    return weights if chosen["noted"] == "none" else (weights, after.get(chosen["noted"], losses[1:]))


def _risen(step: int, up: float) -> float:
    return min(1.0, (step + 1) / up) if up else 1.0


def _fallen(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2


RATES: list[Part] = [
    ("counted", 1, [("counted_from_0", 0, "The rise counts from 0, so that the first step has a rate of 0."), ("counted_one_too_far", 2, "The rise counts one step too many.")]),
    ("rising", lambda r: r.warm_up * r.steps, [
        ("warm_up_cut_to_whole_steps", lambda r: int(r.warm_up * r.steps), "The steps of the rise are cut to a whole number."),
        ("warm_up_rounded", lambda r: round(r.warm_up * r.steps), "The steps of the rise are rounded."),
        ("warm_up_rounded_up", lambda r: math.ceil(r.warm_up * r.steps), "The steps of the rise are rounded up."),
        ("no_warm_up", lambda r: 0, "There is no rise at the beginning."),
        ("share_taken_for_steps", lambda r: r.warm_up, "`warm_up` is taken for a number of steps, and is a share of them."),
        *((f"warm_up_typed_in_{n:g}", lambda r, n=n: n * r.steps, f"A rise over {n:g} of the steps is typed in.") for n in (0.05, 0.1, 0.01))]),
    ("over", 0, [("divided_by_one_more", 1, "The rise is divided by one more than the steps of the warm-up, so its last step is still below the whole rate.")]),
    ("rise", lambda x: min(1.0, x), [("rise_without_an_end", lambda x: x, "`min(1, …)` is missing: where the warm-up is shorter than a step, the first rate is above the recipe's."),
                                     ("rise_along_a_curve", lambda x: min(1.0, x) ** 2, "The rise is the square of what it should be."),
                                     ("rise_along_a_cosine", lambda x: (1 - math.cos(math.pi * min(1.0, x))) / 2, "The rise runs along a cosine, and should along a line."),
                                     ("no_rise", lambda x: 1.0, "The first steps have the whole rate.")]),
    ("done", lambda s, up, n: (s - up) / (n - up), [
        ("cosine_over_all_steps", lambda s, up, n: s / n, "The fall is reckoned over all steps, and should be over those that are left after the rise."),
        ("fall_ends_with_the_last_step", lambda s, up, n: (s - up) / max(1, n - up - 1), "The fall reaches 0 with the last step, and should be one step later."),
        ("fall_one_step_ahead", lambda s, up, n: (s + 1 - up) / (n - up), "The fall is one step ahead."),
        ("fall_not_from_the_rise_on", lambda s, up, n: s / (n - up), "The fall counts its steps from the beginning, and should from the end of the rise."),
        ("fall_over_all_steps_from_the_rise_on", lambda s, up, n: (s - up) / n, "The fall is divided by all steps, and should be by those that are left.")]),
    ("fall", _fallen, [
        ("falls_along_a_line", lambda x: 1 - x, "The rate falls along a line, and should along a cosine."),
        ("never_falls", lambda x: 1.0, "The rate never falls."),
        ("half_missing", lambda x: 1 + math.cos(math.pi * x), "The half is missing, so the rate begins its fall at twice what it should."),
        ("below_0", lambda x: math.cos(math.pi * x), "The 1 + is missing, so the rate falls below 0."),
        ("half_a_cosine", lambda x: math.cos(math.pi * x / 2), "A quarter of a circle is used for the fall, and should be half of one."),
        ("degrees_for_radians", lambda x: (1 + math.cos(180 * x)) / 2, "`math.cos` takes radians, and gets degrees."),
        ("pi_forgotten", lambda x: (1 + math.cos(x)) / 2, "The π in the cosine is forgotten."),
        ("whole_circle", lambda x: (1 + math.cos(2 * math.pi * x)) / 2, "The cosine runs a whole circle, so the rate rises again."),
        ("sine_for_cosine", lambda x: (1 + math.sin(math.pi * x)) / 2, "A sine stands for the cosine."),
        ("rises_for_falls", lambda x: (1 - math.cos(math.pi * x)) / 2, "The rate rises along the cosine, and should fall."),
        ("falls_by_powers", lambda x: math.exp(-x), "The rate falls as exp(-x), and should along a cosine."),
        *((f"falls_by_powers_of_{n}", lambda x, n=n: math.exp(-n * x), f"The rate falls as exp(-{n} x), and should along a cosine.") for n in (2, 3, 4, 5, 10)),
        ("falls_by_a_tenth", lambda x: 0.1 ** x, "The rate falls as powers of a tenth, and should along a cosine."),
        ("falls_to_a_tenth", lambda x: 0.1 + 0.9 * (1 + math.cos(math.pi * x)) / 2, "The rate falls to a tenth, and should to 0."),
        ("falls_at_half_to_a_tenth", lambda x: 1.0 if x < 0.5 else 0.1, "The rate falls once, to a tenth, half-way, and should fall along a cosine."),
        ("falls_like_a_square", lambda x: (1 - x) ** 2, "The rate falls as a square, and should along a cosine.")]),
    ("scale", lambda r: r.learning_rate, [("rate_left_out", lambda r: 1.0, "The recipe's rate is not used: it gives the share only."),
                                          ("rate_squared", lambda r: r.learning_rate**2, "The rate is multiplied twice.")]),
    ("way", None, [
        ("rates_of_the_lecture", lambda s, up, r: 0.1 if s < r.steps / 2 else 0.01, "The rates are typed in: 0.1, and 0.01 from half-way on. The recipe's should be used, and rise and fall."),
        ("falls_while_it_rises", lambda s, up, r: r.learning_rate * _risen(s, up) * _fallen(s / r.steps), "The fall is reckoned over all steps and multiplied with the rise: it should begin where the rise ends."),
        ("falls_as_one_over_the_root", lambda s, up, r: r.learning_rate * min((s + 1) ** -0.5, (s + 1) * max(up, 1) ** -1.5), "The rate falls as 1 / √step, and should along a cosine."),
        *((f"falls_by_{b:g}_a_step", lambda s, up, r, b=b: r.learning_rate * (_risen(s, up) if s < up else b ** (s - up)), f"Each step has {b:g} times the rate of the one before, and the rate should fall along a cosine.") for b in (0.99, 0.9, 0.95, 0.999, 0.5))]),
]  # fmt: skip


def rate(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    """Return the rate of a step, with what is chosen in the place of some of its parts."""
    recipe, step = given["recipe"], given["step"]
    up = chosen["rising"](recipe)
    if chosen["way"]:
        return chosen["way"](step, up, recipe)
    if step < up:
        return chosen["scale"](recipe) * chosen["rise"]((step + chosen["counted"]) / (up + chosen["over"]))
    return chosen["scale"](recipe) * chosen["fall"](chosen["done"](step, up, recipe.steps))


family("adamw_step", adamw, ADAMW)
family("train_neural_bigram", _train, TRAIN)
family("learning_rate_at", rate, RATES)
