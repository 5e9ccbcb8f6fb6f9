"""How causes are found: what the code shows, how a function behaves, and which slips do the same."""
