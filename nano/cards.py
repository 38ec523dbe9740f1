"""The model cards that go with the weights."""

INTRO = """---
license: apache-2.0
---

# {title}

{what}

Practice weights for a **drawn world** of twelve products, trained from scratch on procedural pictures of
128 x 128 pixels. They exist so that a production line can be run, tested and judged without a GPU.
**Not for product use**: they know nothing of real products, and their pictures show none.

{detail}

How the world is drawn, how the weights were made and how good they are:
`nano/README.md` and `docs/nano-figures.md`.
"""

CARDS: dict[str, tuple[str, str, str]] = {
    "vae": (
        "nano VAE",
        "An `AutoencoderKL` with the latent shape of Z-Image's (16 channels, 8 times smaller).",
        "Weights in float16; shift and scale of the latents are in the configuration.",
    ),
    "text_encoder": (
        "nano text encoder",
        "A two-layer `Qwen3Model` (width 128), trained with Base; the pipeline reads its first layer.",
        "It reads prompts of the rule tables in English and Chinese; other words fall back to bytes.",
    ),
    "base": (
        "nano Base",
        "A `ZImageTransformer2DModel` (dim 160, 5 layers), the undistilled variant.",
        "Use 28 steps with `guidance_scale=2` at 128 x 128.",
    ),
    "turbo": (
        "nano Turbo",
        "A `ZImageTransformer2DModel` (dim 160, 5 layers), distilled from nano Base.",
        "Use 8 steps with `guidance_scale=0` at 128 x 128.",
    ),
    "clip": (
        "nano CLIP",
        "An open_clip model (96 px pictures, 48 tokens) that judges pictures of the drawn world.",
        "Load it with `open_clip.create_model_and_transforms('local-dir:nano/weights/clip')`.",
    ),
}


def card(part: str) -> str:
    """Return the README of a part."""
    title, what, detail = CARDS[part]
    return INTRO.format(title=title, what=what, detail=detail)
