"""The exercises: a folder with one file a chapter, each function to be written by the reader."""
