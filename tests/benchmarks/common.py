"""What all comparisons are about: the names, and the model that they give."""

import bigramlab

names = bigramlab.load_names()
vocabulary = bigramlab.build_vocabulary(names)
id_of = {character: id for id, character in enumerate(vocabulary)}
counts = bigramlab.count_bigrams(names, vocabulary)
probs = bigramlab.normalize(bigramlab.smooth(counts))
