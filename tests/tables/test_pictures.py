import re

from release.tables.pictures import WIDTH, weights_picture

NAMES = [f"SCHEME_WITH_A_LONG_NAME_{number}" for number in range(8)]


def test_a_long_legend_takes_more_rows_and_stays_inside() -> None:
    part = {"name": "MLP", "bytes": 8000, "dtypes": {}, "schemes": dict.fromkeys(NAMES, 1000)}
    picture = weights_picture({"weights": {"total_bytes": 8000, "components": [part]}})
    assert picture
    keys = re.findall(r'<rect x="([\d.]+)" y="(\d+)" width="12" height="12"', picture)
    assert len(keys) == len(NAMES)
    assert len({y for _, y in keys}) > 1
    letters = 7  # pixels, of the 13px font, at least
    assert max(float(x) for x, _ in keys) + letters * len(NAMES[0]) < WIDTH
