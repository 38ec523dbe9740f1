"""LoRA adapters: files in a folder, loaded into a transformer by name, one switched on at a time."""

import re
import warnings
from pathlib import Path
from typing import Any

from diffusers import ZImagePipeline, ZImageTransformer2DModel
from safetensors import SafetensorError
from safetensors.torch import load_file

from zimage_core.backends.passes import Passes
from zimage_core.errors import InvalidRender, WeightsInvalid
from zimage_core.weights import MANIFEST, sha256_of, verify

NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
"""What an adapter's file may be called, as the schema's Slug."""

ENDING = ".safetensors"


class AdapterFolder:
    """The adapters that lie in a folder, as NAME.safetensors; with a manifest they are checked against it."""

    def __init__(self, folder: Path | None) -> None:
        """Look into `folder` each time; there are none when it is None."""
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Return the names that are there now."""
        if self._folder is None or not self._folder.is_dir():
            return ()
        files = sorted(self._folder.glob(f"*{ENDING}"))
        return tuple(file.stem for file in files if NAME.fullmatch(file.stem))

    def file(self, name: str) -> Path:
        """Return an adapter's file; raise InvalidRender for a name that is not there."""
        if self._folder is None or name not in self.names():
            known = ", ".join(self.names()) or "none"
            raise InvalidRender(f"There is no adapter {name!r}; those in the adapter folder are: {known}.")
        return self._folder / f"{name}{ENDING}"

    def checked(self, name: str) -> tuple[Path, str]:
        """Return an adapter's file and its SHA-256; raise WeightsInvalid when the manifest says another."""
        file = self.file(name)
        if (file.parent / MANIFEST).is_file():
            verify(file.parent, [file.name])
        return file, sha256_of(file)


def add(network: ZImageTransformer2DModel, passes: Passes, name: str, file: Path) -> None:
    """Load an adapter beside the others, switched off; raise WeightsInvalid when it is none for Z-Image."""
    try:
        tensors = ZImagePipeline.lora_state_dict(load_file(file))
        if name in getattr(network, "peft_config", {}):
            network.delete_adapters(name)
        with warnings.catch_warnings():
            # Several adapters in one network are what is wanted; at most one of them is switched on.
            warnings.filterwarnings("ignore", message="Already found a `peft_config`")
            network.load_lora_adapter(tensors, adapter_name=name, prefix="transformer")
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise WeightsInvalid(
            f"{file} is no LoRA for Z-Image: {reason}; give one saved by diffusers, ai-toolkit or musubi.",
            file=str(file),
        ) from error
    if name not in getattr(network, "peft_config", {}):
        raise WeightsInvalid(f"{file} changes no layer of Z-Image; give another LoRA.", file=str(file))
    network.disable_lora()
    passes.forget()
    passes.adapter = None


def remove(network: ZImageTransformer2DModel, passes: Passes, name: str) -> None:
    """Take an adapter out; after the last one the network is as it was before the first."""
    known: dict[str, Any] = getattr(network, "peft_config", {})
    if name not in known:
        return
    if len(known) == 1:
        network.unload_lora()
    else:
        network.delete_adapters(name)
        network.disable_lora()
    passes.forget()
    passes.adapter = None


def switch(network: ZImageTransformer2DModel, passes: Passes, name: str | None) -> None:
    """Have exactly the adapter `name` switched on, or none."""
    if passes.adapter == name:
        return
    if name is None:
        network.disable_lora()
    else:
        network.set_adapters(name)
        network.enable_lora()
    passes.adapter = name
