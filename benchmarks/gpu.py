"""Z-Image at its true size with random weights on this device: seconds, TFLOP/s and share of the ceiling.

    python -m benchmarks.gpu --out docs/gpu.md              on a GPU machine
    python -m benchmarks.gpu --model toy --sides 64,128     anywhere, to try the script

The arithmetic does not depend on the weights' values, so random ones time what the released ones would. Every
configuration is timed beside the stock ZImagePipeline in the same run; a picture is 8 steps and a VAE decode
of an embedded prompt of 128 tokens. What the machine cannot do is printed as the sentence that says why.
"""

import argparse
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.gpu_model import MODELS, Model, Subject, build, synchronize
from schemas import AssetError
from zimage_core.backends.acceleration import Acceleration, Mode

STEPS = 8
TOKENS = 128
CONFIGURATIONS = (
    Acceleration(),
    Acceleration(attention="_native_cudnn"),
    Acceleration(attention="_native_flash"),
    Acceleration(attention="_flash_3"),
    Acceleration(mode=Mode.COMPILE),
    Acceleration(mode=Mode.GRAPHS),
    Acceleration(mode=Mode.COMPILED_GRAPHS),
    Acceleration(mode=Mode.COMPILE, fp8=True),
    Acceleration(mode=Mode.COMPILED_GRAPHS, fp8=True),
)
HEADER = ("side", "rows", "configuration", "s/image", "images/s", "TFLOP/s", "of ceiling", "stock/this")


def step_tflop(model: Model, side: int, tokens: int) -> float:
    """Return TFLOP of one step of one row: the closed form for two FLOP per multiply-add.

    Matrix products of 4 attention and 3 feed-forward projections, and attention itself, over main, noise
    refiner (picture only) and context refiner (caption only) layers. The caption's share is counted although
    ours computes it once, so that configurations compare by useful work.
    """
    picture, dim = (side // 16) ** 2, model.dim
    block = 4 * dim**2 + 3 * dim * int(dim / 3 * 8)
    both, refiners = picture + tokens, model.refiners
    products = 2 * block * (model.layers * both + refiners * (picture + tokens))
    attention = 4 * dim * (model.layers * both**2 + refiners * (picture**2 + tokens**2))
    return (products + attention) / 1e12


def matmul_ceiling(device: torch.device, dtype: torch.dtype, side: int) -> float:
    """Return the TFLOP/s of a plain matrix product of `side` squared on random data: median of 10."""
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    torch.mm(left, right)
    times = sorted(timed(lambda: torch.mm(left, right), device) for _ in range(10))
    return 2 * side**3 / times[5] / 1e12


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Return the wall seconds of calling `work`, the device's work included."""
    synchronize(device)
    began = time.perf_counter()
    work()
    synchronize(device)
    return time.perf_counter() - began


def seconds_per_image(subject: Subject, side: int, rows: int, how: Acceleration | None, rounds: int) -> float:
    """Return the least seconds per picture of `rounds`, after a warm-up; None is the stock pipeline."""
    if how is None:
        work = subject.stock(side, rows, TOKENS, STEPS)
    else:
        work = subject.ours(how, side, rows, TOKENS, STEPS)
    with torch.inference_mode():
        work()
        return min(timed(work, subject.device) for _ in range(rounds)) / rows


def batch_equality(subject: Subject, side: int, rows: int) -> str:
    """Tell where a row has the same bytes: in every place of a batch, and alone."""
    with torch.inference_mode():
        beside, alone = (
            "the same bytes" if same(side, rows, TOKENS) else "OTHER BYTES"
            for same in (subject.same_beside_neighbours, subject.same_alone)
        )
    return f"{side} px: a row has {beside} in another place of the batch, {alone} alone as among {rows}"


def table(model: Model, sides: list[int], rows: dict[int, int], rounds: int) -> list[str]:
    """Measure everything and return the lines of a Markdown page."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.bfloat16
    ceiling = matmul_ceiling(device, dtype, 8192 if device.type == "cuda" else 1024)
    lines = [f"{machine(device)}, torch {torch.__version__}, {datetime.now(UTC):%Y-%m-%d}; ", ""]
    lines[0] += f"model {model.name}, {dtype}, matrix products reach {ceiling:.2f} TFLOP/s in this run."
    lines += [f"| {' | '.join(HEADER)} |", "|" + " --- |" * len(HEADER)]
    for side in sides:
        width = rows.get(side, 1)
        tflop = STEPS * step_tflop(model, side, TOKENS)
        stock = seconds_per_image(build(model, device, dtype), side, width, None, rounds)
        lines.append(line(side, width, "stock diffusers", stock, tflop, ceiling, stock))
        for how in CONFIGURATIONS:
            # A fresh subject: attention, compiled blocks and FP8 change the network in place.
            subject = build(model, device, dtype)
            try:
                seconds = seconds_per_image(subject, side, width, how, rounds)
            except (AssetError, RuntimeError, ValueError) as error:
                reason = str(error).strip().partition("\n")[0][:120]
                lines.append(f"| {side} | {width} | {how.name} | | | | | {reason} |")
                continue
            lines.append(line(side, width, how.name, seconds, tflop, ceiling, stock))
        print("\n".join(lines[-len(CONFIGURATIONS) - 1 :]), flush=True)
    lines += [
        "",
        *(batch_equality(build(model, device, dtype), side, max(2, rows.get(side, 1))) for side in sides),
    ]
    return lines


def line(side: int, rows: int, name: str, seconds: float, tflop: float, ceiling: float, stock: float) -> str:
    """Write one row of the table."""
    rate = tflop / seconds
    figures = (
        f"{seconds:.3f}",
        f"{1 / seconds:.2f}",
        f"{rate:.1f}",
        f"{rate / ceiling:.0%}",
        f"{stock / seconds:.2f}x",
    )
    return f"| {side} | {rows} | {name} | {' | '.join(figures)} |"


def machine(device: torch.device) -> str:
    """Name the accelerator, or the processor's instruction set."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU {torch.backends.cpu.get_cpu_capability()} x{torch.get_num_threads()} ({platform.machine()})"


def main() -> None:
    """Print the table and, when asked, write it to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=sorted(MODELS), default="true")
    parser.add_argument("--sides", default="512,768,1024,1536", help="picture sides in px")
    parser.add_argument("--rows", default="512:4,768:2", help="SIDE:ROWS of a forward; 1 elsewhere")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    model = MODELS[asked.model]
    if model.name == "true" and not torch.cuda.is_available():
        parser.error("no GPU is found; the true model needs one (--model toy tries the script anywhere)")
    rows = {
        int(side): int(count) for side, _, count in (pair.partition(":") for pair in asked.rows.split(","))
    }
    lines = table(model, [int(side) for side in asked.sides.split(",")], rows, asked.rounds)
    print("\n".join(lines))
    if asked.out:
        asked.out.write_text("# Z-Image on this device\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
