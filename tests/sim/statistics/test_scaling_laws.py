"""The transfer law: the paper's arithmetic to four figures, its regime, and what is refused."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feint.agents.errors import InputError
from feint.sim.statistics.scaling_laws import (
    LAWS,
    SCALE,
    TEXT,
    TEXT_AND_CODE,
    Scale,
    TransferLaw,
    crossing,
)

amounts = st.floats(1, 1e12)


@pytest.mark.parametrize(
    ("law", "data", "size", "transferred", "multiplier"),
    [  # worked out by hand, with logarithms to ten digits
        (TEXT, 1e6, 1e8, 2.505e8, 251.5),
        (TEXT_AND_CODE, 1e6, 1e8, 8.674e8, 868.4),
        (TEXT, 1e8, 1e6, 9.972e7, 1.997),
        (TEXT_AND_CODE, 1e8, 1e6, 2.345e8, 3.345),
        (TEXT, 3e5, 4e7, 1.424e8, 475.6),
    ],
)
def test_worked_values_to_four_figures(law, data, size, transferred, multiplier):
    assert law.transferred(data, size) == pytest.approx(transferred, rel=5e-4)
    assert law.multiplier(data, size) == pytest.approx(multiplier, rel=5e-4)


def test_exchange_rates_to_four_figures():
    assert TEXT.by_size(10) == pytest.approx(2.399, abs=5e-4)
    assert TEXT.by_data(100) == pytest.approx(2.291, abs=5e-4)
    assert TEXT.data_for_size(10) == pytest.approx(129.2, abs=0.05)
    assert TEXT_AND_CODE.data_for_size(10) == pytest.approx(9085, rel=5e-4)


def test_the_laws_cross_where_the_newsletter_says_about_ten_trillion():
    where = crossing(TEXT_AND_CODE, TEXT)
    assert where == pytest.approx(2.644e12, rel=5e-4)
    assert TEXT.transferred(where, 1e8) == pytest.approx(TEXT_AND_CODE.transferred(where, 1e8), rel=1e-9)
    assert TEXT.transferred(10 * where, 1e8) > TEXT_AND_CODE.transferred(10 * where, 1e8)


def test_laws_of_one_alpha_never_cross_and_those_of_two_betas_have_no_one_crossing():
    one, other = (TransferLaw(name="flat", k=k, alpha=0.1, beta=0.3) for k in (1, 2))
    assert crossing(one, other) == inf
    with pytest.raises(InputError, match=r"beta = 0\.38 and 0\.3 differ"):
        crossing(TEXT, one)


@given(amounts, amounts, st.floats(1.5, 1e3))
def test_exchange_rates_are_what_the_law_does(data, size, factor):
    here = TEXT.transferred(data, size)
    assert TEXT.transferred(data, size * factor) == pytest.approx(here * TEXT.by_size(factor))
    assert TEXT.transferred(data * factor, size) == pytest.approx(here * TEXT.by_data(factor))
    assert TEXT.by_data(TEXT.data_for_size(factor)) == pytest.approx(TEXT.by_size(factor))


def test_beyond_a_tenth_of_enough_the_law_says_nothing():
    assert TEXT.transferred(1e6, 1e8, enough=1e7) == TEXT.transferred(1e6, 1e8)
    for refused in (TEXT.transferred, TEXT.multiplier):
        with pytest.raises(InputError) as caught:
            refused(1.1e6, 1e8, enough=1e7)
        assert str(caught.value) == (
            "data = 1.1e+06 is outside the law's low-data regime: it must be at most 1e+06, "
            "which is 0.1 of D(N) = 1e+07."
        )


@pytest.mark.parametrize("value", [0, -1, float("nan"), inf, True, "1"])
@pytest.mark.parametrize("name", ["data", "size", "factor", "enough", "characters", "parameters"])
def test_what_is_no_amount_is_refused(name, value):
    ask = {
        "data": lambda: TEXT.transferred(value, 1e6),
        "size": lambda: TEXT.transferred(1e6, value),
        "factor": lambda: TEXT.by_size(value),
        "enough": lambda: TEXT.transferred(1e6, 1e6, enough=value),
        "characters": lambda: Scale(characters=value),
        "parameters": lambda: Scale(parameters=value),
    }
    with pytest.raises(InputError) as caught:
        ask[name]()
    assert str(caught.value) == (
        f"{name} = {value!r} is not valid for a transfer law: it must be a finite number above 0."
    )


@pytest.mark.parametrize(
    ("constants", "words"),
    [
        (
            {"k": 0.0, "alpha": 0.1, "beta": 0.1},
            "k = 0.0 is not valid for a transfer law: it must be a finite number above 0.",
        ),
        ({"k": 1.0, "alpha": inf, "beta": 0.1}, "alpha = inf is not valid for a transfer law"),
        ({"k": 1.0, "alpha": 0.1, "beta": "b"}, "beta = 'b' is not valid for a transfer law"),
    ],
)
def test_constants_that_are_none_are_refused(constants, words):
    with pytest.raises(InputError) as caught:
        TransferLaw(name="x", **constants)
    assert str(caught.value).startswith(words)


def test_a_law_without_alpha_has_no_exchange_rate_and_one_too_large_for_numbers_is_refused():
    with pytest.raises(InputError, match="alpha = 0 has no exchange rate"):
        TransferLaw(name="flat", k=1, alpha=0, beta=0.1).data_for_size(10)
    with pytest.raises(InputError, match="give less"):
        TransferLaw(name="steep", k=1, alpha=100, beta=0).transferred(1e12, 1)


def test_the_constants_carry_where_they_are_from():
    assert list(LAWS) == ["text", "text and other code"]
    assert {law.provenance for law in LAWS.values()} == {"[S]"}
    assert (TEXT.k, TEXT.alpha, TEXT.beta) == (1.9e4, 0.18, 0.38)
    assert (TEXT_AND_CODE.k, TEXT_AND_CODE.alpha, TEXT_AND_CODE.beta) == (2.1e5, 0.096, 0.38)


def test_a_scale_says_what_steps_are_worth():
    assert SCALE.worth(0, 16) == 0
    assert SCALE.worth(12000, 16) == round(TEXT.transferred(1.2e8, 1.6e7) / 1e4) == 29551
    assert Scale(characters=1, parameters=1).worth(100, 16) == round(TEXT.transferred(100, 16))
