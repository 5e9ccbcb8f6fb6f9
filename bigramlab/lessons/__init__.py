"""What is taught: one module for each idea, in the order of `bigramlab.chapters`; a module imports earlier ones only.

`inputs` and `files` are beside that order: what a lesson refuses, and in which words; and how a file is written whole.
"""
