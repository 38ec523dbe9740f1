"""An independent judge of drawn and generated pictures: a small convolutional net trained apart from CLIP.

It shares with the scorer the world that both look at and the VAE that softens some pictures; not the
architecture, the texts, the seeds, the pictures or the training.
"""
