"""Names as their bearers spell them in Latin letters."""

import pytest

from simulate.population.romanise import romanised


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("Михаил", "mikhail"),
        ("Щербаков", "scherbakov"),
        ("Ксения", "kseniya"),
        ("Фёдор", "fedor"),
        ("민준", "minjun"),
        ("서연", "seoyeon"),
        ("영호", "yeongho"),
        ("María", "maria"),
        ("Muñoz", "munoz"),
        ("Yıldız", "yildiz"),
        ("Şerife", "serife"),
        ("İbrahim", "ibrahim"),
        ("Smith", "smith"),
    ],
)
def test_a_rule_spells_it(native: str, latin: str) -> None:
    assert romanised(native) == latin


def test_letters_without_a_rule_stay() -> None:
    assert romanised("王") == "王"
