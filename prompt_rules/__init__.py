"""The words: forms are read, and compiled with rule tables into prompts and claims."""
