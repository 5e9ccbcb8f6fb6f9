"""How an autoregressive character model works, on 32,033 real names.

The modules stand in the order in which to read them; every function below is importable from `bigramlab` itself.
"""

from bigramlab.checking import check
from bigramlab.comparing import Model, Result, compare, comparison_table, evaluate_model, train_models
from bigramlab.counting import count_bigrams, most_common_bigrams
from bigramlab.data import load_names, read_words, split_words
from bigramlab.encoding import BOUNDARY, build_vocabulary, decode, encode
from bigramlab.evaluating import negative_log_likelihood, perplexity, surprisal
from bigramlab.generating import generate_words, score_contexts
from bigramlab.mlp import (
    MLP,
    Training,
    build_contexts,
    count_contexts,
    init_mlp,
    mlp_logits,
    mlp_probs,
    sample_mlp_words,
    train_mlp,
)
from bigramlab.neural_bigram import cross_entropy, softmax, train_neural_bigram
from bigramlab.normalizing import normalize
from bigramlab.optimizing import Recipe, adamw_step, learning_rate_at, minibatches
from bigramlab.plotting import plot_bigrams
from bigramlab.sampling import sample, sample_words
from bigramlab.saving import load_mlp, save_mlp
from bigramlab.smoothing import smooth

__all__ = [
    "BOUNDARY",
    "MLP",
    "Model",
    "Recipe",
    "Result",
    "Training",
    "adamw_step",
    "build_contexts",
    "build_vocabulary",
    "check",
    "compare",
    "comparison_table",
    "count_bigrams",
    "count_contexts",
    "cross_entropy",
    "decode",
    "encode",
    "evaluate_model",
    "generate_words",
    "init_mlp",
    "learning_rate_at",
    "load_mlp",
    "load_names",
    "minibatches",
    "mlp_logits",
    "mlp_probs",
    "most_common_bigrams",
    "negative_log_likelihood",
    "normalize",
    "perplexity",
    "plot_bigrams",
    "read_words",
    "sample",
    "sample_mlp_words",
    "sample_words",
    "save_mlp",
    "score_contexts",
    "smooth",
    "softmax",
    "split_words",
    "surprisal",
    "train_mlp",
    "train_models",
    "train_neural_bigram",
]
