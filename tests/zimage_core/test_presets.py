import pytest

from schemas import Variant
from schemas.settings import CoreSettings
from zimage_core.presets import presets, profile_of


@pytest.mark.parametrize("profile", ["nano", "zimage"])
def test_every_variant_has_a_preset(profile: str) -> None:
    for variant, preset in presets(profile).items():
        assert preset.variant is variant
        assert preset.name == f"{profile}_{variant}"
    assert set(presets(profile)) == set(Variant)


@pytest.mark.parametrize("profile", ["nano", "zimage"])
def test_turbo_takes_eight_steps_without_guidance_and_base_takes_28_with(profile: str) -> None:
    turbo, base = presets(profile)[Variant.TURBO], presets(profile)[Variant.BASE]
    assert (turbo.steps, turbo.guidance) == (8, 0.0)
    assert base.steps == 28
    assert base.guidance > 0


def test_the_weights_decide_the_profile() -> None:
    assert profile_of(CoreSettings()) == "nano"
    assert profile_of(CoreSettings(turbo="Tongyi-MAI/Z-Image-Turbo")) == "zimage"
