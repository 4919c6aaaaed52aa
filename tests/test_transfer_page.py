"""What the manual's page on transfer says of matching by data is what its commands print."""

import re
import shlex

import pytest
from pages import PAGES


@pytest.mark.slow
def test_what_the_page_says_of_matching_by_data_is_what_its_commands_print(feint):
    commands = re.findall(r"^(feint compare[^#\n]*?) +#", PAGES["transfer"].read_text(), re.MULTILINE)
    assert len(commands) == 2
    documents = [feint(*shlex.split(command)[1:], "--json").document for command in commands]
    for document, performance in zip(documents, (0.997, 0.973), strict=True):
        (scratch,) = document["arms"]["from_scratch"]["stages"]
        assert scratch["at_stop"]["performance"]["q50"] == pytest.approx(performance, abs=0.002)
        assert document["difference"]["estimate"] == pytest.approx(0.372, abs=0.01)
    steps = [document["arms"]["from_scratch"]["stages"][0]["median_steps"] for document in documents]
    assert steps == [12_583, 2_800]
