"""What is taught: one module for each idea, in the order of `bigramlab.chapters`; a module imports earlier ones only.

`inputs` is beside that order: it says what a lesson refuses, and in which words.
"""
