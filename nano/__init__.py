"""Practice models of the same classes as Z-Image, trained on a drawn world of products."""
