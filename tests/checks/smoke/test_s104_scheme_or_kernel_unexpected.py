from release.smoke.account import Account
from tests.smoke.recorded import judged, recorded, replace, with_account, with_result

FP8, NVFP4 = "llama-fp8-dynamic", "llama-nvfp4"
DOWN = "model.layers.0.mlp.down_proj"
PLAIN = {"method": "UnquantizedLinearMethod"}
QUANTIZED = {"method": "CompressedTensorsLinearMethod", "scheme": "CompressedTensorsW8A8Fp8"}


def served(account: Account, layer: str, classes: dict[str, str]) -> Account:
    return replace(account, methods=account.methods | {layer: classes})


def _all(account: Account, classes: dict[str, str]) -> Account:
    quantized = [name for name, each in account.methods.items() if "kernel" in each]
    return replace(account, methods=account.methods | dict.fromkeys(quantized, classes))


def test_fires_on_a_declared_module_that_is_served_plain() -> None:
    run = with_account(recorded(FP8), lambda account: served(account, DOWN, PLAIN))
    assert judged("S104", FP8, run) == [f"error {DOWN}"]


def test_fires_on_a_plain_module_that_is_served_quantized() -> None:
    run = with_account(recorded(FP8), lambda account: served(account, "lm_head", QUANTIZED))
    assert judged("S104", FP8, run) == ["error lm_head"]


def test_fires_as_a_note_on_weight_only_kernels() -> None:
    assert judged("S104", NVFP4, recorded(NVFP4)) == ["info checkpoint"]


def test_fires_as_a_warning_where_the_device_has_the_units() -> None:
    # Blackwell, by its capability alone: nothing of it was recorded.
    device = {"kind": "cuda", "name": "NVIDIA B200", "capability": [10, 0]}
    run = with_result(recorded("h100-llama-nvfp4"), device=device)
    assert judged("S104", NVFP4, run) == ["warning checkpoint"]
    assert judged("S104", NVFP4, recorded("h100-llama-nvfp4")) == ["info checkpoint"]


def test_fires_as_a_note_on_humming_where_marlin_was() -> None:
    """vLLM 0.32 prefers it on Hopper, which has no units for FP4 and has them for FP8."""
    humming = {"method": "CompressedTensorsLinearMethod", "scheme": "CompressedTensorsW4A4Fp4"}
    humming |= {"kernel": "HummingNvFp4LinearKernel"}
    run = with_account(recorded("h100-llama-nvfp4"), lambda account: _all(account, humming))
    assert judged("S104", NVFP4, run) == ["info checkpoint"]
    capable = with_result(run, device={"kind": "cuda", "name": "B200", "capability": [10, 0]})
    assert judged("S104", NVFP4, capable) == []


def test_silent_on_kernels_for_weights_where_only_weights_are_quantized() -> None:
    marlin = {"method": "CompressedTensorsLinearMethod", "scheme": "CompressedTensorsWNA16"}
    marlin |= {"kernel": "MarlinLinearKernel"}
    run = with_account(recorded("h100-llama-w4a16"), lambda account: served(account, DOWN, marlin))
    assert judged("S104", "llama-w4a16", run) == []


def test_silent_where_both_agree() -> None:
    assert judged("S104", FP8, recorded(FP8)) == []


def test_silent_on_fused_layers_of_one_scheme() -> None:
    run = recorded(FP8)
    assert "model.layers.0.self_attn.qkv_proj" in run.outcome.accounts[0].methods
    assert judged("S104", FP8, run) == []


def test_silent_where_loading_failed() -> None:
    run = with_account(
        recorded(FP8), lambda account: replace(served(account, DOWN, PLAIN), loaded=False)
    )
    assert judged("S104", FP8, run) == []
