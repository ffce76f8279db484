from release.smoke.account import Account
from tests.smoke.recorded import judged, recorded, replace, with_account, with_plan

FP8, KV, MIXED = "llama-fp8-dynamic", "qwen3-fp8-kv", "demo"
SCALE = "model.layers.0.mlp.down_proj.weight_scale"
FUSED = "model.layers.0.mlp.gate_up_proj.weight_scale"
CACHE = "model.layers.0.self_attn.attn.k_scale"
WEIGHT = "model.layers.0.mlp.down_proj.weight"


def parameter(account: Account, name: str, **changes: object) -> Account:
    changed = replace(account.parameters[name], **changes)
    return replace(account, parameters=account.parameters | {name: changed})


def test_fires_on_a_parameter_that_nothing_was_written_to() -> None:
    run = with_account(recorded(FP8), lambda a: parameter(a, SCALE, written=0, sources=()))
    assert judged("S102", FP8, run) == [f"error {SCALE}"]


def test_fires_on_the_half_of_a_fused_parameter() -> None:
    run = with_account(recorded(FP8), lambda a: parameter(a, FUSED, written=256))
    assert judged("S102", FP8, run) == [f"error {FUSED}"]


def test_fires_on_bits_that_were_converted_as_numbers() -> None:
    run = with_account(recorded(FP8), lambda a: parameter(a, WEIGHT, from_dtypes=("bfloat16",)))
    assert judged("S102", FP8, run) == [f"error {WEIGHT}"]


def test_fires_on_a_tensor_that_went_nowhere() -> None:
    run = with_account(recorded(FP8), lambda a: replace(a, unread=("model.layers.0.mlp.bias",)))
    assert judged("S102", FP8, run) == ["warning model.layers.0.mlp.bias"]


def test_fires_as_a_note_on_what_only_vllm_s_own_tracking_says() -> None:
    said = "Following weights were not initialized from checkpoint: {'a.weight'}"
    run = with_account(recorded(FP8), lambda a: replace(a, tracked=said))
    assert judged("S102", FP8, run) == ["info checkpoint"]


def test_fires_on_a_vision_tower_that_is_not_loaded_with_images_on() -> None:
    run = recorded("h100-mixed-qwen3_5")
    wanted = run.plan.order.wanted | {"limit_mm_per_prompt": {"image": 1, "video": 0}}
    seeing = with_plan(run, order=replace(run.plan.order, wanted=wanted))
    assert len(judged("S102", MIXED, seeing)) == 21
    assert judged("S102", MIXED, run) == []


def test_silent_on_scales_widened_to_float32() -> None:
    run = recorded(FP8)
    assert run.outcome.accounts[0].parameters[SCALE].from_dtypes == ("bfloat16",)
    assert judged("S102", FP8, run) == []


def test_silent_on_scales_of_the_cache_that_have_defaults() -> None:
    run = with_account(recorded(KV), lambda a: parameter(a, CACHE, written=0, sources=()))
    assert judged("S102", KV, run) == []


def test_silent_on_the_tower_in_text_only_mode() -> None:
    run = recorded(MIXED)
    assert all(name.startswith("model.visual.") for name in run.outcome.accounts[0].unread)
    assert judged("S102", MIXED, run) == []


def test_silent_where_loading_failed_which_is_another_rule_s() -> None:
    run = with_account(
        recorded(FP8), lambda a: replace(parameter(a, SCALE, written=0), loaded=False)
    )
    assert judged("S102", FP8, run) == []


def test_silent_where_another_process_holds_the_other_half() -> None:
    run = with_account(recorded(FP8), lambda a: replace(a, unread=("model.layers.9.norm.weight",)))
    (account,) = run.outcome.accounts
    other = replace(account, unread=())
    both = replace(run, outcome=replace(run.outcome, accounts=(account, other)))
    assert judged("S102", FP8, both) == []
