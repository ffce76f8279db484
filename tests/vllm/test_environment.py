import pytest

from tests.conftest import Run

pytestmark = pytest.mark.vllm


def test_it_is_the_pinned_version(vllm: Run) -> None:
    result = vllm("-c", "import vllm; print(vllm.__version__)")
    assert result.stdout.split()[-1].startswith("0.32.0"), result.stderr
