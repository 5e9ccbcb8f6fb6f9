"""How an autoregressive character model works, on 32,033 real names.

The modules stand in the order in which to read them; every function below is importable from `bigramlab` itself.
"""

from bigramlab.checking import check
from bigramlab.counting import count_bigrams, most_common_bigrams
from bigramlab.data import load_names, read_words, split_words
from bigramlab.encoding import BOUNDARY, build_vocabulary, decode, encode
from bigramlab.evaluating import negative_log_likelihood, perplexity, surprisal
from bigramlab.neural_bigram import cross_entropy, softmax, train_neural_bigram
from bigramlab.normalizing import normalize
from bigramlab.plotting import plot_bigrams
from bigramlab.sampling import sample, sample_words
from bigramlab.smoothing import smooth

__all__ = [
    "BOUNDARY",
    "build_vocabulary",
    "check",
    "count_bigrams",
    "cross_entropy",
    "decode",
    "encode",
    "load_names",
    "most_common_bigrams",
    "negative_log_likelihood",
    "normalize",
    "perplexity",
    "plot_bigrams",
    "read_words",
    "sample",
    "sample_words",
    "smooth",
    "softmax",
    "split_words",
    "surprisal",
    "train_neural_bigram",
]
