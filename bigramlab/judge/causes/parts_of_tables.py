"""What can go wrong in the parts of functions of tables: smoothing and dividing."""

from typing import Any

import torch

from bigramlab.judge.causes.families import Part, Run, family

EPS = (1e-8, 1e-10, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-15, 1e-20)


def row_sums(table: Any) -> Any:
    """Sum each row, and keep the axis."""
    return table.sum(1, keepdim=True)


def but(table: Any, rows: Any, columns: Any, value: Any) -> Any:
    """Return the table with other values in some rows and columns."""
    table = table.clone()
    table[rows, columns] = value[rows, columns] if isinstance(value, torch.Tensor) else value
    return table


def _one_after_another(table: Any) -> Any:
    """Divide cell by cell, by the sum of a row in which the cells before are divided already."""
    table = table.clone()
    for row in table:
        for j in range(len(row)):
            row[j] = row[j] / row.sum()
    return table


ALL = slice(None)
CELLS_LEFT = [
    ("row_0_left_as_it_was", lambda new, old: but(new, 0, ALL, old), "Row 0 is left as it was: a `range` begins at 1."),
    ("last_row_left_as_it_was", lambda new, old: but(new, -1, ALL, old), "The last row is left as it was: a `range` ends one too early."),
    ("column_0_left_as_it_was", lambda new, old: but(new, ALL, 0, old), "Column 0 is left as it was: a `range` begins at 1."),
    ("last_column_left_as_it_was", lambda new, old: but(new, ALL, -1, old), "The last column is left as it was: a `range` ends one too early."),
    ("first_cell_left_as_it_was", lambda new, old: but(new, 0, 0, old), "The first cell, \"..\", is left as it was."),
    ("first_cell_set_to_0", lambda new, old: but(new, 0, 0, 0), "The first cell, \"..\", is set to 0, so something stays impossible."),
    ("row_0_set_to_0", lambda new, old: but(new, 0, ALL, 0), "Row 0 is set to 0."),
    ("last_row_set_to_0", lambda new, old: but(new, -1, ALL, 0), "The last row stays 0: a `range` ends one too early."),
    ("column_0_set_to_0", lambda new, old: but(new, ALL, 0, 0), "Column 0 is set to 0."),
    ("last_column_set_to_0", lambda new, old: but(new, ALL, -1, 0), "The last column stays 0: a `range` ends one too early."),
    ("only_row_0_changed", lambda new, old: but(old, 0, ALL, new), "Only the first row is changed."),
    ("only_the_last_row_changed", lambda new, old: but(old, -1, ALL, new), "Only the last row is changed."),
    ("only_column_0_changed", lambda new, old: but(old, ALL, 0, new), "Only the first column is changed."),
    ("row_and_column_0_left_as_they_were", lambda new, old: but(but(new, 0, ALL, old), ALL, 0, old), "The row and the column of \".\" are left as they were."),
    ("diagonal_set_to_0", lambda new, old: new * (1 - torch.eye(*new.shape)), "The diagonal is set to 0."),
    ("diagonal_left_as_it_was", lambda new, old: torch.where(torch.eye(*new.shape).bool(), old.to(new.dtype), new), "The diagonal is left as it was."),
    ("only_the_diagonal_changed", lambda new, old: torch.where(torch.eye(*new.shape).bool(), new, old.to(new.dtype)), "Only the diagonal is changed."),
]  # fmt: skip


NORMALIZE: list[Part] = [
    ("first", lambda c: c, [
        ("smoothed_before_dividing", lambda c: c + 1, "1 is added to the counts first, which is smoothing, a step of its own."),
        ("a_little_added_first", lambda c: c + 1e-8, "A small number is added to the counts first."),
        ("logs_divided", lambda c: (c + 1).log(), "The log is taken of the counts first."),
        ("roots_divided", lambda c: c.sqrt(), "The root is taken of the counts first."),
        ("squares_divided", lambda c: c**2, "The counts are squared first."),
        ("exp_divided", lambda c: (c - c.amax(1, keepdim=True)).exp(), "softmax is taken of the counts, and they should be divided by their sum."),
        ("cells_once", lambda c: (c > 0).double(), "Each cell counts as 1, however large it is."),
        ("first_column_dropped", lambda c: but(c, ALL, 0, 0), "The first column is left out."),
        ("transposed_first", lambda c: c.T, "Rows and columns are exchanged first.")]),
    ("divided", lambda c: c / row_sums(c), [
        ("columns_divided_for_rows", lambda c: c / c.sum(0, keepdim=True), "Each number is divided by the sum of its column, and should be by that of its row."),
        ("own_column_divides_the_row", lambda c: c / c.sum(0)[:, None], "Each row is divided by the sum of the column with its number, and should be by its own: `sum(0)` adds up columns."),
        ("keepdim_forgotten", lambda c: c / c.sum(1), "`keepdim=True` is forgotten, so the sums are laid along the rows, not beside them."),
        ("divided_by_the_grand_total", lambda c: c / c.sum(), "All is divided by the sum of the whole table."),
        ("divided_by_the_largest_of_the_row", lambda c: c / c.amax(1, keepdim=True), "Each row is divided by its largest number."),
        ("divided_by_the_largest", lambda c: c / c.max(), "All is divided by the largest number of the table."),
        ("divided_by_the_mean", lambda c: c / c.mean(1, keepdim=True), "Each row is divided by its mean, so it sums to the number of columns."),
        ("divided_by_the_length", lambda c: c / c.norm(dim=1, keepdim=True), "Each row is divided by its length as a vector, so its squares sum to 1."),
        ("divided_by_the_number_of_columns", lambda c: c / c.shape[1], "Each row is divided by the number of its cells."),
        ("divided_by_the_number_of_rows", lambda c: c / c.shape[0], "All is divided by the number of rows."),
        ("divided_by_the_cells_that_are_not_0", lambda c: c / (c > 0).sum(1, keepdim=True), "Each row is divided by the number of its cells that are not 0."),
        ("small_sums_raised_to_1", lambda c: c / row_sums(c).clamp(min=1), "Sums below 1 are raised to 1, with `clamp(min=1)` or `max(1, …)`, so such rows don't sum to 1."),
        ("one_added_to_the_sum", lambda c: c / (row_sums(c) + 1), "1 is added to the sums, so the rows sum to less than 1."),
        ("columns_added_to_the_sum", lambda c: c / (row_sums(c) + c.shape[1]), "The number of columns is added to the sums, as in smoothing, and not to the counts."),
        ("a_little_added_to_the_sum", lambda c: c / (row_sums(c) + 1e-3), "A number is added to the sums, so the rows sum to less than 1."),
        ("smoothed_above_only", lambda c: (c + 1) / row_sums(c), "1 is added above the line only: the sums are still those of the counts without it, so rows sum to more than 1."),
        ("sum_without_the_first_column", lambda c: c / row_sums(c[:, 1:]), "The sums leave out the first column, that of the end."),
        ("sum_without_the_first_column_and_a_little", lambda c: c / (row_sums(c[:, 1:]) + 1e-12), "The sums leave out the first column, that of the end."),
        ("sum_without_the_last_column", lambda c: c / row_sums(c[:, :-1]), "The sums leave out the last column."),
        ("sum_without_the_diagonal", lambda c: c / (row_sums(c) - c.diag()[:, None]), "The sums leave out the diagonal."),
        ("first_row_divides_all", lambda c: c / c[0].sum(), "The sum of the first row divides all rows."),
        ("last_row_divides_all", lambda c: c / c[-1].sum(), "The sum of the last row divides all rows."),
        ("mean_sum_divides_all", lambda c: c / row_sums(c).mean(), "The mean of the sums divides all rows."),
        ("running_sum_divides", lambda c: c / c.cumsum(1), "Each number is divided by the sum up to it, and should be by that of the whole row."),
        ("sum_not_set_back", lambda c: c / row_sums(c).cumsum(0), "The sum is not set back to 0 before each row."),
        ("divided_one_after_another", _one_after_another, "The sum is taken anew for each cell, after those before it were divided already."),
        ("smallest_to_largest", lambda c: (c - c.amin(1, keepdim=True)) / (c.amax(1, keepdim=True) - c.amin(1, keepdim=True)), "Each row is stretched from its smallest number, 0, to its largest, 1."),
        ("standardized", lambda c: (c - c.mean(1, keepdim=True)) / c.std(1, keepdim=True), "The mean is subtracted and the spread divides, and the sum should divide."),
        ("table_from_smallest_to_largest", lambda c: (c - c.min()) / (c.max() - c.min()), "The table is stretched from its smallest number, 0, to its largest, 1."),
        ("divided_twice", lambda c: c / row_sums(c) ** 2, "The rows are divided by their sums twice."),
        ("multiplied", lambda c: c * row_sums(c), "The rows are multiplied by their sums."),
        ("sum_over_number", lambda c: row_sums(c) / c, "The sum is divided by each number, and should divide it."),
        ("both_divided", lambda c: (c / row_sums(c)) / (c / row_sums(c)).sum(0, keepdim=True), "The columns are divided, too, after the rows."),
        ("divided_by_the_neighboring_row", lambda c: c / row_sums(c).roll(1, 0), "Each row is divided by the sum of the row before it."),
        ("divided_as_integers", lambda c: (c // row_sums(c)), "`//` divides without fractions."),
        ("not_divided", lambda c: c, "Nothing is divided.")]),
    ("left", lambda new, old: new, CELLS_LEFT),
    ("after", lambda p: p, [
        ("percent", lambda p: p * 100, "It is percent, and should be shares."),
        *((f"rounded_to_{n}_decimals", lambda p, n=n: p.round(decimals=n), f"The shares are rounded to {n} decimals, so rows no longer sum to 1.") for n in (1, 2, 3, 4)),
        ("nan_to_0", lambda p: p.nan_to_num(0), "`nan` becomes 0."),
        ("log_of_the_shares", lambda p: p.log(), "The log is taken of the shares."),
        ("held_above_a_little", lambda p: p.clamp(min=1e-6), "Shares of 0 become 0.000001."),
        ("running_sums", lambda p: p.cumsum(1), "The shares are summed up along the row."),
        ("transposed_at_the_end", lambda p: p.T, "The table is transposed at the end."),
        ("cut_to_integers", lambda p: p.trunc(), "The shares are put into a table of integers, which cuts all fractions.")]),
]  # fmt: skip


def _normalize(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    counts = chosen["first"](given["counts"].double())
    return chosen["after"](chosen["left"](chosen["divided"](counts), counts))


SMOOTH: list[Part] = [
    ("added", lambda c, k: c + k, [
        ("only_zeros_smoothed", lambda c, k: torch.where(c == 0, c + k, c), "k is added to zeros only, and should be to every cell."),
        ("zeros_not_smoothed", lambda c, k: torch.where(c == 0, c, c + k), "k is added to all cells but those of 0."),
        ("only_rows_with_a_zero_smoothed", lambda c, k: torch.where((c == 0).any(1, keepdim=True), c + k, c), "k is added only in rows that have a 0."),
        ("only_empty_rows_smoothed", lambda c, k: torch.where((c == 0).all(1, keepdim=True), c + k, c), "k is added only in rows that are all 0."),
        ("only_tables_with_a_zero_smoothed", lambda c, k: c + k if (c == 0).any() else c, "k is added only if there is a 0 somewhere."),
        ("raised_to_k", lambda c, k: c.clamp(min=k), "Counts below k become k, and k should be added."),
        ("k_multiplied", lambda c, k: c * k, "The counts are multiplied by k, and it should be added."),
        ("k_subtracted", lambda c, k: c - k, "k is subtracted, and should be added."),
        ("k_shared_by_the_row", lambda c, k: c + k / c.shape[1], "k is shared among the cells of a row, and each should get all of it."),
        ("k_shared_by_the_column", lambda c, k: c + k / c.shape[0], "k is shared among the cells of a column, and each should get all of it."),
        ("k_shared_by_the_table", lambda c, k: c + k / c.numel(), "k is shared among all cells, and each should get all of it."),
        ("k_times_the_columns", lambda c, k: c + k * c.shape[1], "k times the number of columns is added."),
        ("k_times_the_rows", lambda c, k: c + k * c.shape[0], "k times the number of rows is added."),
        ("k_by_the_row", lambda c, k: c + k * c.sum(1, keepdim=True), "k is added as a share of the row's sum."),
        ("k_by_the_column", lambda c, k: c + k * c.sum(0, keepdim=True), "k is added as a share of the column's sum."),
        ("k_by_the_table", lambda c, k: c + k * c.mean(), "k is added as a share of the table's mean."),
        ("k_by_the_cell", lambda c, k: c + k * c, "k is added as a share of each cell."),
        ("k_added_twice", lambda c, k: c + 2 * k, "k is added twice."),
        ("k_ignored", lambda c, k: c + 1, "1 is added, whatever k is."),
        ("nothing_added", lambda c, k: c, "Nothing is added: the result of `+` is not kept."),
        ("k_cut", lambda c, k: c + int(k), "k is cut to a whole number."),
        ("k_rounded", lambda c, k: (c + k).round(), "The counts are rounded to whole numbers."),
        ("mixed", lambda c, k: (1 - k) * c + k, "The counts are multiplied by 1 - k besides, as where two models are mixed: only k should be added."),
        ("small_k_ignored", lambda c, k: c + k if k >= 1 else c, "A k below 1 adds nothing."),
        ("k_squared", lambda c, k: c + k * k, "k is squared."),
        ("half_of_k", lambda c, k: c + k / 2, "Half of k is added."),
        ("k_plus_one", lambda c, k: c + k + 1, "1 more than k is added."),
        ("k_on_the_diagonal_only", lambda c, k: c + k * torch.eye(*c.shape), "k is added on the diagonal only."),
        ("k_off_the_diagonal_only", lambda c, k: c + k * (1 - torch.eye(*c.shape)), "k is added everywhere but on the diagonal."),
        ("k_of_below_1_is_1", lambda c, k: c + max(1, k), "A k below 1 becomes 1."),
        ("k_of_0_is_1", lambda c, k: c + (k or 1), "A k of 0 becomes 1: `k or 1` takes 0 for nothing.")]),
    ("left", lambda new, old: new, CELLS_LEFT),
    ("after", lambda new, old: new, [
        ("scaled_back_to_the_total", lambda new, old: new * old.sum() / new.sum(), "The table is scaled back to its old sum."),
        ("rows_scaled_back", lambda new, old: new * row_sums(old) / row_sums(new), "The rows are scaled back to their old sums."),
        ("probabilities_for_counts", lambda new, old: new / row_sums(new), "The rows are divided by their sums, too, which is another step."),
        ("divided_by_the_total", lambda new, old: new / new.sum(), "The table is divided by its sum, too."),
        ("cut_to_integers", lambda new, old: new.trunc(), "The counts are cut to whole numbers."),
        ("logs_for_counts", lambda new, old: new.log(), "The log is taken, too."),
        ("transposed", lambda new, old: new.T, "The table is transposed.")]),
]  # fmt: skip


def _smooth(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    counts = given["counts"].double()
    return chosen["after"](chosen["left"](chosen["added"](counts, given["k"]), counts), counts)


FOUND: list[tuple[str, Run, list[Part]]] = [
    ("normalize", _normalize, NORMALIZE),
    ("smooth", _smooth, SMOOTH),
]
for one in FOUND:
    family(*one)
