import pytest

from zimage_core.judging.costs import GateCost, Prices, cheapest, gate_costs

P = (0.99, 0.95, 0.9, 0.7, 0.6, 0.55)
RIGHT = (True, True, True, True, False, False)


def best(**prices: float) -> float:
    told = {"remake": 0.01, "review": 0.1, "wrong": 20.0, **prices}
    return cheapest(gate_costs(P, RIGHT, Prices(**told))).gate


def test_the_cheapest_gate_parts_right_from_wrong() -> None:
    assert 0.6 < best() <= 0.7


def test_dear_mistakes_raise_the_gate_and_dear_people_lower_it() -> None:
    assert best(wrong=0.0) <= 0.55
    assert best(review=1000.0) <= 0.55
    assert best(wrong=1000.0) >= best(wrong=0.001)


def test_the_cost_is_what_the_prices_say() -> None:
    costs = {each.gate: each.cost for each in gate_costs(P, RIGHT, Prices(remake=0.6, review=1.2, wrong=6.0))}
    assert costs[0.5] == pytest.approx(2 / 6 * 6)
    assert costs[1.0] == pytest.approx(0.6 + 1.2)
    assert costs[0.8] == pytest.approx(0.5 * (0.6 + 0.5 * 1.2))


def test_of_equal_gates_the_middle_one_is_taken() -> None:
    costs = [GateCost(0.5, 2.0), GateCost(0.6, 1.0), GateCost(0.7, 1.0), GateCost(0.8, 1.0)]
    assert cheapest(costs).gate == 0.7
