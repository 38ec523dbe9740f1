from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from string import ascii_letters, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from zimage_core.errors import ExportFailed
from zimage_core.renditions.encoding import FORMATS, encode
from zimage_core.renditions.label import NAMESPACES, SOURCE_TYPE, AiLabel, AiSystem, read_label, xmp_packet

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def a_label(**fields: object) -> AiLabel:
    usual: dict[str, object] = {
        "producer": "00119144030074125694X00001",
        "produce_id": "rendition_0123456789abcdef01234567",
        "made_at": NOON,
        "system": AiSystem("Z-Image-Turbo", "abc123"),
    }
    return AiLabel(**{**usual, **fields})  # type: ignore[arg-type]  # fields of any case's types


def file_with(xmp: str, kind: str) -> bytes:
    return encode(Image.new("RGB", (32, 32), "white"), kind, 0, 10**6, xmp)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_label_survives_in_every_format(kind: str) -> None:
    assert read_label(file_with(xmp_packet(a_label()), kind)) == a_label()


@settings(deadline=None)
@given(
    producer=st.text(ascii_letters + digits + "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", max_size=100),
    system=st.text("Zé图 <&>\"'-1.", min_size=1, max_size=20).filter(lambda name: name == name.strip()),
    minutes=st.integers(0, 10**6),
)
def test_any_allowed_label_reads_back_as_written(producer: str, system: str, minutes: int) -> None:
    label = a_label(
        producer=producer, system=AiSystem(system), made_at=NOON + timedelta(minutes=minutes, microseconds=7)
    )
    for kind in FORMATS:
        assert read_label(file_with(xmp_packet(label), kind)) == label


@settings(deadline=None)
@given(name=st.text(max_size=40), version=st.text(max_size=20), producer=st.text(max_size=30))
def test_any_text_reads_back_as_written_or_is_refused_by_name(name: str, version: str, producer: str) -> None:
    label = a_label(system=AiSystem(name, version), producer=producer)
    refused = None
    try:
        packet = xmp_packet(label)
    except ExportFailed as error:
        refused = error.message
    if refused is None:
        assert read_label(file_with(packet, "png")) == label
    else:
        assert "The AI label's" in refused


@pytest.mark.parametrize("name", [" Z", "Z\n", "a\x00b", "a\u2028b", "\ufffe"])
def test_a_name_that_xml_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(ExportFailed, match="Iptc4xmpExt:AISystemUsed is"):
        xmp_packet(a_label(system=AiSystem(name)))


def test_the_packet_says_what_the_rules_name() -> None:
    packet = xmp_packet(a_label())
    assert f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}<" in packet
    assert '<TC260:AIGC>{"Label":"1","ContentProducer":"00119144030074125694X00001","ProduceID":' in packet
    assert "<xmp:CreateDate>2026-11-20T12:00:00Z<" in packet
    assert 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"' in packet


def test_a_png_carries_the_label_as_plain_itxt() -> None:
    data = file_with(xmp_packet(a_label()), "png")
    assert b"iTXtXML:com.adobe.xmp\0\0\0" in data
    assert SOURCE_TYPE.encode() in data


def test_times_of_other_zones_are_written_in_utc() -> None:
    shanghai = datetime(2026, 11, 20, 20, 0, tzinfo=timezone(timedelta(hours=8)))
    assert a_label(made_at=shanghai) == a_label()


@pytest.mark.parametrize("producer", ["packshot ltd", 'say"so', "back\\slash", "包装", "tab\t"])
def test_a_producer_that_annex_e_forbids_is_refused(producer: str) -> None:
    with pytest.raises(ExportFailed, match="ContentProducer"):
        xmp_packet(a_label(producer=producer))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ExportFailed, match="time zone"):
        a_label(made_at=datetime(2026, 11, 20))  # noqa: DTZ001  # the missing zone is the case


def attribute_form(label: AiLabel) -> str:
    spaces = " ".join(f'xmlns:{key}="{uri}"' for key, uri in NAMESPACES.items())
    aigc = '{"Label":"1","ContentProducer":"x","ProduceID":"y"}'.replace('"', "&quot;")
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {spaces}><rdf:Description rdf:about="" '
        f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}" xmp:CreateDate="{label.made_at.isoformat()}" '
        f'TC260:AIGC="{aigc}"/></rdf:RDF></x:xmpmeta>'
    )


def test_the_attribute_form_of_other_programs_is_read_too() -> None:
    found = read_label(file_with(attribute_form(a_label()), "jpeg"))
    assert (found.producer, found.produce_id, found.made_at) == ("x", "y", NOON)


def without_label() -> bytes:
    out = BytesIO()
    Image.new("RGB", (32, 32)).save(out, "JPEG")
    return out.getvalue()


def with_bare_word() -> bytes:
    return file_with(xmp_packet(a_label()).replace(SOURCE_TYPE, "trainedAlgorithmicMedia"), "jpeg")


def with_a_number() -> bytes:
    return file_with(xmp_packet(a_label()).replace('"Label":"1"', '"Label":1'), "webp")


def with_a_bomb() -> bytes:
    entity = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    out = BytesIO()
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", entity)
    Image.new("RGB", (16, 16)).save(out, "PNG", pnginfo=texts)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (without_label(), "no AI label"),
        (with_bare_word(), "does not say that the picture is AI-generated"),
        (with_a_number(), "does not say that the picture is AI-generated"),
        (with_a_bomb(), "not readable XMP"),
        (b"not a picture", "not a readable"),
        (file_with(xmp_packet(a_label()).replace('{"Label', "{Label"), "png"), "not JSON"),
        (
            file_with(xmp_packet(a_label()).replace("2026-11-20T", "today "), "png"),
            "when the picture was made",
        ),
    ],
)
def test_a_missing_or_damaged_label_is_named(data: bytes, says: str) -> None:
    with pytest.raises(ExportFailed, match=says):
        read_label(data)
