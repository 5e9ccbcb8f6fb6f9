"""The names that learners give to functions like ours and to their parameters, and what a vocabulary is written as."""

__all__ = ["FORMS", "OTHER_NAMES", "PARAMETERS", "alphabet_of", "form_of", "is_called"]

OTHER_NAMES = {
    "read_words": "load_words read_names load_data",
    "split_words": "split split_data split_names make_splits",
    "build_vocabulary": "build_vocab make_vocab get_vocab make_vocabulary get_vocabulary",
    "encode": "enc encode_word word_to_ids tokenize",
    "decode": "dec decode_ids ids_to_word detokenize",
    "count_bigrams": "count count_pairs get_counts make_counts build_counts bigram_counts count_bigram",
    "most_common_bigrams": "most_common top_bigrams common_bigrams",
    "smooth": "add_k smoothing smooth_counts add_k_smoothing laplace",
    "normalize": "normalise normalize_rows normalise_rows row_normalize to_probs counts_to_probs get_probs",
    "sample": "sample_ids draw_word generate",
    "sample_words": (
        "generate sample sample_names generate_names generate_words make_names make_words generate_name "
        "generate_word sample_name sample_word make_name make_word"
    ),
    "negative_log_likelihood": "nll get_nll mean_nll average_nll avg_nll loss get_loss compute_loss bigram_loss",
    "perplexity": "ppl get_perplexity",
    "surprisal": "surprise word_surprisal surprisals",
    "softmax": "soft_max my_softmax",
    "cross_entropy": "crossentropy xent cross_entropy_loss ce_loss loss get_loss compute_loss",
    "generate_words": "generate",
    "build_contexts": (
        "build_dataset make_dataset get_dataset make_contexts create_dataset make_examples build_examples get_examples "
        "create_examples make_data build_data prepare_data make_xy get_xy xy"
    ),
    "with_temperature": "softmax_with_temperature temperature_softmax apply_temperature",
    "keep_top_k": "top_k topk top_k_filter top_k_filtering apply_top_k",
    "keep_top_p": "top_p nucleus top_p_filter top_p_filtering apply_top_p nucleus_filter",
    "attention_shares": "attention_weights attn_weights attention_scores",
    "attend": "attention causal_attention self_attention scaled_dot_product_attention masked_attention sdpa attn",
    "split_heads": "split_into_heads",
    "merge_heads": "combine_heads",
    "rms_norm": "rmsnorm RMSNorm",
}
"""Names that learners give to a function of ours."""

PARAMETERS = {
    "words": "words names data corpus docs lines word_list names_list ws",
    "word": "word name w s string text doc",
    "vocabulary": "vocabulary vocab chars alphabet characters stoi itos char_to_id id_to_char ctoi itoc vocab_size V",
    "ids": "ids ixs indices tokens l out xs",
    "counts": "counts N C table count_table bigram_counts",
    "probs": "probs P p prob probabilities transition_matrix",
    "logits": "logits z scores preds",
    "targets": "targets y ys Y labels target",
    "contexts": "contexts X xs x inputs",
    "context_length": "context_length block_size context_size ctx_len context_len n_ctx",
    "n": "n num how_many n_words num_words n_names num_names num_samples n_samples count",
    "k": "k alpha smoothing add pseudocount",
    "generator": "generator g gen rng",
    "queries": "queries q query Q",
    "keys": "keys k key K",
    "values": "values v value V",
    "heads": "heads n_head n_heads num_heads h H",
    "x": "x X hidden t tensor",
    "gain": "gain g weight w gamma scale",
    "temperature": "temperature temp t T tau",
    "p": "p top_p threshold",
    "path": "path file filename file_name fname",
    "fractions": "fractions shares ratios",
}
"""Names that learners give to the parameters of our functions."""

FORMS = {
    "stoi": "stoi char_to_id ctoi",
    "itos": "itos id_to_char itoc",
    "size": "vocab_size V n_tokens num_tokens",
}
"""Names of what a vocabulary is passed as, where it is no `str`."""


def is_called(parameter: str, wanted: str) -> bool:
    """Tell whether a parameter has the name of one of ours, or another that learners give it."""
    return parameter == wanted or parameter in PARAMETERS.get(wanted, "").split()


def form_of(parameter: str) -> str:
    """Return as what a parameter of this name takes a vocabulary, if not as a `str`."""
    return next((form for form, names in FORMS.items() if parameter in names.split()), "")


def alphabet_of(value: object) -> tuple[str, list[str]] | None:
    """Return what kind of thing a vocabulary is written as, and its tokens by id; None if the value is none.

    The kinds: "chars" is a `str`, list or tuple; "stoi" a dict from token to id; "itos" one from id to token. An id
    that has no token has an empty one.
    """
    if isinstance(value, str | list | tuple):
        tokens = list(value)
        kind = "chars"
    elif isinstance(value, dict) and value:
        ids = [key for key in value if type(key) is int]
        pairs = value.items() if len(ids) == len(value) else [(id, token) for token, id in value.items()]
        if not all(type(id) is int and 0 <= id <= len(value) + 1 for id, _ in pairs):
            return None
        kind = "itos" if len(ids) == len(value) else "stoi"
        table = dict(pairs)
        tokens = [table.get(id, "") for id in range(max(table) + 1)]
    else:
        return None
    if len(tokens) < 2 or not all(isinstance(token, str) and len(token) <= 3 for token in tokens):
        return None
    filled = [token for token in tokens if token]
    if len(set(filled)) < len(filled) or sum(len(token) > 1 for token in filled) > 2:
        return None
    return kind, tokens
