"""The AI label as another program, exiftool, reads it."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zimage_core.renditions.encoding import EXTENSIONS, FORMATS, encode
from zimage_core.renditions.label import SOURCE_TYPE, AiLabel, AiSystem, xmp_packet

EXIFTOOL = shutil.which("exiftool")
pytestmark = pytest.mark.skipif(EXIFTOOL is None, reason="exiftool (libimage-exiftool-perl) is not installed")

LABEL = AiLabel(
    producer="001191110102MACQD9K64018705",
    produce_id="rendition_0123456789abcdef01234567",
    made_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    system=AiSystem("Z-Image-Turbo", "9f3c0a1b2d4e"),
)


def read_by_exiftool(data: bytes, kind: str, folder: Path) -> dict[str, object]:
    path = folder / f"file.{EXTENSIONS[kind]}"
    path.write_bytes(data)
    assert EXIFTOOL is not None
    done = subprocess.run(
        [EXIFTOOL, "-json", "-struct", "-G1", "-n", "-charset", "utf8", str(path)],
        capture_output=True,
        check=True,
    )
    (found,) = json.loads(done.stdout)
    return found


def a_file(kind: str, label: AiLabel = LABEL) -> bytes:
    return encode(Image.new("RGB", (64, 48), (200, 40, 40)), kind, 0, 10**6, xmp_packet(label))


@pytest.mark.parametrize("kind", FORMATS)
def test_another_program_reads_every_field(kind: str, tmp_path: Path) -> None:
    found = read_by_exiftool(a_file(kind), kind, tmp_path)
    values = {str(key).rpartition(":")[2].lower(): value for key, value in found.items()}
    assert values["digitalsourcetype"] == SOURCE_TYPE
    assert values["aisystemused"] == "Z-Image-Turbo"
    assert values["aisystemversionused"] == "9f3c0a1b2d4e"
    assert values["creatortool"] == "Packshot"
    assert str(values["createdate"]).startswith("2026:11:20 12:00:00")
    assert values["documentid"] == "xmp.did:rendition_0123456789abcdef01234567"
    aigc = values["aigc"]
    assert (json.loads(aigc) if isinstance(aigc, str) else aigc) == {
        "Label": "1",
        "ContentProducer": LABEL.producer,
        "ProduceID": LABEL.produce_id,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    assert (values["imagewidth"], values["imageheight"]) == (64, 48)


@pytest.mark.parametrize("kind", FORMATS)
def test_there_is_one_label_and_no_stray_metadata(kind: str, tmp_path: Path) -> None:
    found = read_by_exiftool(a_file(kind), kind, tmp_path)
    groups = {str(key).partition(":")[0] for key in found}
    assert not {"IFD0", "ExifIFD", "IPTC", "Photoshop", "ICC_Profile", "ICC-header"} & groups
    assert sum("aigc" in str(key).lower() for key in found) == 1


@settings(deadline=None, max_examples=8)
@given(name=st.text("Zé图 <&>\"'-1.", min_size=1, max_size=20).filter(lambda name: name == name.strip()))
def test_any_name_of_a_system_reads_back_as_written(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    label = AiLabel(LABEL.producer, LABEL.produce_id, LABEL.made_at, AiSystem(name))
    found = read_by_exiftool(a_file("jpeg", label), "jpeg", tmp_path_factory.mktemp("file"))
    values = {str(key).rpartition(":")[2].lower(): value for key, value in found.items()}
    # exiftool writes what looks like a number as one in its JSON.
    assert str(values["aisystemused"]) == name or float(name) == float(str(values["aisystemused"]))
