"""What each study says of its pictures in its evidence: a page knows nothing else of them."""

import json

import pytest

from simulations.__main__ import main

STUDIES = {
    "figure-4.7": ["--seeds", "3", "--iterations", "300"],
    "phase-diagram": ["--points", "12", "--size", "16", "--sizes", "16"],
    "partitions": ["--points", "24", "--ratios-of-r", "1/2", "--ratios-of-p", "1"],
}
SEEN = {
    "figure_4_7": "Lines over 300 iterations, on a logarithmic axis; means over 3 seeds. (a) The e",
    "phase_diagram": "Three maps of the ratio of adversarial risks, purple where GD is the more ro",
    "figure_4_8": "At r = 1/2 the parts take, of the picture: R",
    "figure_4_9": "At r = 1 the parts take, of the picture: P",
}


@pytest.mark.parametrize("study", STUDIES)
def test_words_of_pictures_are_in_the_evidence(study, tmp_path):
    assert main([study, *STUDIES[study], "--out", str(tmp_path)]) == 0
    pictures = json.loads((tmp_path / "summary.json").read_text())["pictures"]
    report = (tmp_path / "report.md").read_text()
    drawn = sorted(path.name for path in tmp_path.glob("*.png"))
    assert sorted(picture["file"] for picture in pictures) == drawn
    for picture in pictures:
        assert f"![{picture['caption']}]({picture['file']})" in report
        assert picture["alternative"].startswith(SEEN[picture["file"].removesuffix(".png")])
        assert "nan" not in picture["alternative"]
        assert picture["title"]
