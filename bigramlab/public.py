"""Everything that is public: `import bigramlab` finds it here as soon as the first of it is asked for."""

from bigramlab.judge.checking import check
from bigramlab.lessons.attention import attend, attention_shares
from bigramlab.lessons.blocks import Block, block, rms_norm
from bigramlab.lessons.caching import extend, sample_transformer_words
from bigramlab.lessons.choosing import keep_top_k, keep_top_p, with_temperature
from bigramlab.lessons.comparing import Result, compare, comparison_table, evaluate_model
from bigramlab.lessons.contexts import build_contexts, count_contexts
from bigramlab.lessons.counting import count_bigrams, most_common_bigrams
from bigramlab.lessons.data import load_names, read_words, split_words
from bigramlab.lessons.encoding import BOUNDARY, build_vocabulary, decode, encode
from bigramlab.lessons.evaluating import negative_log_likelihood, perplexity, surprisal
from bigramlab.lessons.generating import generate_words, score_contexts
from bigramlab.lessons.heads import merge_heads, split_heads
from bigramlab.lessons.mlp import MLP, init_mlp, mlp_logits, mlp_probs, sample_mlp_words
from bigramlab.lessons.models import Model, train_models
from bigramlab.lessons.neural_bigram import cross_entropy, softmax, train_neural_bigram
from bigramlab.lessons.normalizing import normalize
from bigramlab.lessons.optimizing import Recipe, adamw_step, learning_rate_at, minibatches
from bigramlab.lessons.plotting import plot_bigrams
from bigramlab.lessons.sampling import sample, sample_words
from bigramlab.lessons.saving import load_mlp, save_mlp
from bigramlab.lessons.smoothing import smooth
from bigramlab.lessons.training import Training, train_mlp
from bigramlab.lessons.transformer import Transformer, init_transformer, transformer_logits, transformer_probs
from bigramlab.lessons.transformer_training import (
    TRANSFORMER_RECIPE,
    load_transformer,
    save_transformer,
    train_transformer,
)

__all__ = [
    "BOUNDARY",
    "MLP",
    "TRANSFORMER_RECIPE",
    "Block",
    "Model",
    "Recipe",
    "Result",
    "Training",
    "Transformer",
    "adamw_step",
    "attend",
    "attention_shares",
    "block",
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
    "extend",
    "generate_words",
    "init_mlp",
    "init_transformer",
    "keep_top_k",
    "keep_top_p",
    "learning_rate_at",
    "load_mlp",
    "load_names",
    "load_transformer",
    "merge_heads",
    "minibatches",
    "mlp_logits",
    "mlp_probs",
    "most_common_bigrams",
    "negative_log_likelihood",
    "normalize",
    "perplexity",
    "plot_bigrams",
    "read_words",
    "rms_norm",
    "sample",
    "sample_mlp_words",
    "sample_transformer_words",
    "sample_words",
    "save_mlp",
    "save_transformer",
    "score_contexts",
    "smooth",
    "softmax",
    "split_heads",
    "split_words",
    "surprisal",
    "train_mlp",
    "train_models",
    "train_neural_bigram",
    "train_transformer",
    "transformer_logits",
    "transformer_probs",
    "with_temperature",
]
