"""The catalogue of mistakes: small wrong functions, each named and explained, one module for each lesson."""

from bigramlab.mistakes.mistake import MISTAKES, Mistake, mistake

__all__ = ["MISTAKES", "Mistake", "mistake"]
