import pickle

from tests.conftest import Judge
from tests.mutate import Draft


def test_fires_when_the_bytes_are_a_pickle_whatever_the_name(mixed: Draft, findings: Judge) -> None:
    for protocol in (2, 3, 4, 5):
        mixed.write(f"notes{protocol}.json", pickle.dumps({"a": [1]}, protocol))
    assert len(findings("F115", mixed)) == 4


def test_fires_when_a_zip_holds_one(mixed: Draft, findings: Judge) -> None:
    saved = b"PK\x03\x04" + bytes(26) + b"archive/data.pkl" + bytes(100)
    assert findings("F115", mixed.write("model.bin", saved)) == ["error model.bin"]


def test_fires_when_the_name_says_so(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write("pytorch_model-00001-of-00002.bin", b"old tar format")
    broken = broken.write("original/consolidated.00.pth", b"x")
    assert sorted(findings("F115", broken)) == [
        "error original/consolidated.00.pth",
        "error pytorch_model-00001-of-00002.bin",
    ]


def test_silent_for_other_binary_files(mixed: Draft, findings: Judge) -> None:
    mixed.write("tokenizer.model", b"\x0a\x0e\x0a\x05<unk>\x15")
    mixed.write("merges.bin", b"\x80\x02\x00\x00 a table, no opcode")
    mixed.write("zipped.dat", b"PK\x03\x04" + bytes(100))
    assert findings("F115", mixed) == []


def test_silent_when_a_weight_file_starts_like_one(mixed: Draft, findings: Judge) -> None:
    header = b"{}" + b" " * (0x0280 - 2)
    weights = len(header).to_bytes(8, "little") + header
    assert weights.startswith(b"\x80\x02")
    assert findings("F115", mixed.write("empty.safetensors", weights)) == []


def test_silent_for_training_state_that_another_rule_names(mixed: Draft, findings: Judge) -> None:
    assert findings("F115", mixed.write("optimizer.pt", pickle.dumps({}))) == []


def test_fires_on_an_array_of_objects(mixed: Draft, findings: Judge) -> None:
    header = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    assert findings("F115", mixed.write("ids.npy", header)) == ["error ids.npy"]
