"""How a transformer's steps are made faster on a GPU: attention kernel, compiled blocks, CUDA graphs, FP8.

Each is another numerical configuration than the plain one: bytes are the same from run to run, not from one
configuration to the next. A graph pays where launches cost more than arithmetic, at 512 px and below.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import torch
from diffusers import ZImageTransformer2DModel

from schemas import SettingsInvalid
from zimage_core.backends.passes import Passes, StepCall, block_output

GRAPH_WARMUPS = 3
"""Forwards on a side stream before a capture, so that no lazily made handle is captured (torch's advice)."""

RECOMPILE_LIMIT = 64
"""Blocks with and without a batch, in several sizes, exceed torch's limit of 8."""


class Mode(StrEnum):
    """How the blocks are run."""

    EAGER = "eager"  #: one kernel after the other, the stock bytes
    COMPILE = "compile"  #: the repeated block compiled by inductor
    GRAPHS = "graphs"  #: a whole step per shape replayed as one CUDA graph
    COMPILED_GRAPHS = "compiled_graphs"  #: both


@dataclass(frozen=True)
class Acceleration:
    """What to switch on; the default changes nothing."""

    mode: Mode = Mode.EAGER
    attention: str = "native"
    """A backend name of diffusers, such as `native`, `_native_cudnn` or `_flash_3`."""
    fp8: bool = False
    """Dynamic float8 matrix products in the main layers, by torchao."""

    @property
    def name(self) -> str:
        """A word for tables and provenance."""
        parts = [self.mode.value, "" if self.attention == "native" else self.attention.strip("_")]
        return "+".join(part for part in (*parts, "fp8" if self.fp8 else "") if part)


@dataclass
class Graph:
    """One captured step with the buffers that it reads and writes."""

    graph: "torch.cuda.CUDAGraph"
    inputs: tuple[torch.Tensor, ...]
    output: torch.Tensor


@dataclass
class GraphedStep:
    """Replays a step as one CUDA graph per shape; captures a shape at its first use."""

    step: StepCall
    _graphs: dict[tuple[torch.Size, ...], Graph] = field(default_factory=dict)

    def __call__(self, *given: torch.Tensor) -> torch.Tensor:
        """Return what the wrapped step does."""
        shape = tuple(tensor.shape for tensor in given)
        captured = self._graphs.get(shape)
        if captured is None:
            captured = self._graphs[shape] = self._capture(given)
        for buffer, value in zip(captured.inputs, given, strict=True):
            buffer.copy_(value)
        captured.graph.replay()
        return captured.output.clone()

    def _capture(self, given: tuple[torch.Tensor, ...]) -> Graph:
        buffers = tuple(value.clone() for value in given)
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it without types
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(GRAPH_WARMUPS):
                self.step(*buffers)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = self.step(*buffers)
        return Graph(graph, buffers, output)


def prepare(network: ZImageTransformer2DModel, device: torch.device, how: Acceleration) -> None:
    """Change a network that was just loaded in place; once per network.

    Raises SettingsInvalid when the device or an optional library cannot do what is asked.
    """
    if how.attention != "native":
        _set_attention(network, how.attention)
    if how.fp8:
        _quantize(network, device)


def accelerate(passes: Passes, how: Acceleration) -> None:
    """Have the passes over a prepared network run as asked; raises SettingsInvalid without the device."""
    graphs = how.mode in (Mode.GRAPHS, Mode.COMPILED_GRAPHS)
    if graphs and passes.device.type != "cuda":
        raise SettingsInvalid("CUDA graphs need a CUDA device; set the acceleration to eager or compile.")
    if how.mode in (Mode.COMPILE, Mode.COMPILED_GRAPHS):
        torch._dynamo.config.recompile_limit = RECOMPILE_LIMIT  # noqa: SLF001 - torch documents it as a setting
        passes.real_turns = True
        passes.block = torch.compile(block_output, dynamic=True)
    if graphs:
        passes.step = GraphedStep(passes.steady_step)


def _set_attention(network: ZImageTransformer2DModel, name: str) -> None:
    try:
        network.set_attention_backend(name)
    except (ImportError, RuntimeError, ValueError) as error:
        first = str(error).strip().partition("\n")[0]
        raise SettingsInvalid(f"The attention backend {name} cannot be used here: {first}") from error


def _quantize(network: ZImageTransformer2DModel, device: torch.device) -> None:
    try:
        from torchao.quantization import Float8DynamicActivationFloat8WeightConfig, PerRow, quantize_
    except ImportError as error:
        raise SettingsInvalid("FP8 needs the library torchao; install packshot[gpu].") from error
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < (8, 9):
        raise SettingsInvalid("FP8 needs a GPU of compute capability 8.9 or newer.")
    config = Float8DynamicActivationFloat8WeightConfig(granularity=PerRow())
    quantize_(network.layers, config)
