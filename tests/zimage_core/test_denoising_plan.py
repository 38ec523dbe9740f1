import numpy as np
import pytest

from zimage_core.sampling import even_levels, plan, sigmas


def test_turbo_takes_the_published_levels() -> None:
    published = [1, 0.9545, 0.9, 0.8333, 0.75, 0.6429, 0.5, 0.3, 0]
    assert sigmas(8, shift=3.0) == pytest.approx(published, abs=5e-5)


def test_one_step_goes_all_the_way() -> None:
    assert plan(1, shift=3.0).deltas == (-1.0,)
    assert plan(1, shift=3.0).times == (0.0,)


@pytest.mark.parametrize("shift", [1.0, 2.0, 2.5, 3.0, 6.0])
def test_the_plan_is_bit_for_bit_the_stock_scheduler(shift: float) -> None:
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    stock = diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=shift)
    for steps in range(1, 101):
        levels = torch.linspace(1.0, 1 / steps, steps)
        stock.set_timesteps(sigmas=levels.tolist(), mu=1.0)
        ours = plan(steps, shift)
        assert np.array_equal(even_levels(steps), levels.numpy())
        assert sigmas(steps, shift).tolist() == stock.sigmas.tolist()
        assert list(ours.times) == ((1000 - stock.timesteps) / 1000).tolist()
        assert list(ours.deltas) == (stock.sigmas[1:] - stock.sigmas[:-1]).tolist()
