"""Templates: values are escaped, an undefined name fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from report.rendering import environment


@pytest.mark.parametrize("name", ["page.html", "picture.svg"])
def test_value_with_markup_is_escaped_whatever_the_template_is_called(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{{ text|shout }}")
    template = environment({"shout": str.upper}, tmp_path).get_template(name)
    assert template.render(text='<b>&"') == "&lt;B&gt;&amp;&#34;"


def test_undefined_name_fails(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ missing }}")
    with pytest.raises(UndefinedError, match="missing"):
        environment({}, tmp_path).get_template("page.html").render()
