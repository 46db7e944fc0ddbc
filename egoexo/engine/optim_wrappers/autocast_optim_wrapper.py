"""Mixed precision without a gradient scaler, on CPU and GPU."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from mmengine.optim import OptimWrapper

from egoexo.engine.optim_wrappers.short_convolutions import ShortConvolutions
from egoexo.registry import OPTIM_WRAPPERS

__all__ = ['AutocastOptimWrapper']


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Run the forward pass under autocast; weights and gradients stay float32.

    bfloat16 has the exponent range of float32, so no loss scaling is needed. MMEngine's ``AmpOptimWrapper`` refuses
    CPU and always creates a scaler; it stays the wrapper for float16.

    Args:
        dtype (str): ``'bfloat16'``, the only type that needs no scaler. Defaults to it.
        **kwargs: See :class:`mmengine.optim.OptimWrapper`.
    """

    def __init__(self, dtype: str = 'bfloat16', **kwargs: object) -> None:
        if dtype != 'bfloat16':
            raise ValueError(f"AutocastOptimWrapper: dtype='{dtype}', expected 'bfloat16'. float16 needs a gradient "
                             "scaler: use type='AmpOptimWrapper' on a GPU.")
        super().__init__(**kwargs)

    @contextmanager
    def optim_context(self, model: torch.nn.Module) -> Iterator[None]:
        """Autocast beside the parent's gradient accumulation.

        Args:
            model (nn.Module): The training model; its first parameter tells the device.
        """
        device_type = next(model.parameters()).device.type
        exact = ShortConvolutions() if device_type == 'cpu' else nullcontext()
        with super().optim_context(model), torch.autocast(device_type, dtype=torch.bfloat16), exact:
            yield
