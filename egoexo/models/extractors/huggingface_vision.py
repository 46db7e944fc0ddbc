"""Vision models of Hugging Face as data: how they are loaded, and how their output becomes a row."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import torch

from egoexo.errors import CheckpointError, ConfigError

__all__ = ['INSTALL', 'POOLINGS', 'import_transformers', 'load_vision_model', 'pooled_row']

INSTALL = 'pip install -c constraints.txt -r requirements/text.txt'
#: First token, mean over all tokens (over the picture for a convolutional model), ``pooler_output``.
POOLINGS = ('cls', 'mean', 'pooler')


def import_transformers(who: str) -> ModuleType:
    """Import the optional package.

    Args:
        who (str): What needs it, for the message.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise ConfigError(f'{who} needs transformers, which is not installed: {INSTALL}') from error
    return transformers


def load_vision_model(transformers: ModuleType, name: str | Path, pooling: str) -> torch.nn.Module:
    """Read a model with all its weights; a pooler that is not used may lack its own.

    Args:
        transformers (ModuleType): The package.
        name (str | Path): Folder as ``save_pretrained`` writes it; a text that is no folder is an id of the hub, from
            which config and safetensors are fetched.
        pooling (str): One of :data:`POOLINGS`.

    Returns:
        torch.nn.Module: In evaluation mode.

    Raises:
        CheckpointError: If there are no safetensors, or the weights do not cover the model.
    """
    local = isinstance(name, Path) or Path(name).is_dir()
    if local and not list(Path(name).glob('*.safetensors')):
        raise CheckpointError(f'{name} holds no *.safetensors; other weight files can carry code and are not read. '
                              'Convert them where they come from (save_pretrained writes safetensors).')
    try:
        model, report = transformers.AutoModel.from_pretrained(
            name, local_files_only=local, trust_remote_code=False, use_safetensors=True, output_loading_info=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).strip().split('\n')[0][:300]
        advice = 'Models with code of their own are not supported.' if local else \
            'Without a way to the hub, fetch the folder elsewhere (`hf download`) and give its path.'
        raise CheckpointError(f'{name} cannot be loaded as a Hugging Face model ({type(error).__name__}: {reason}). '
                              f'{advice}') from error
    missing = [key for key in report['missing_keys'] if pooling == 'pooler' or not key.startswith('pooler.')]
    if missing or report['mismatched_keys']:
        shown = ', '.join(map(str, [*missing, *report['mismatched_keys']][:5]))
        raise CheckpointError(f'{name}: {len(missing)} parameters are missing and {len(report["mismatched_keys"])} '
                              f'have another shape, first {shown}. The weights are not those of its config.json.')
    return model


def pooled_row(outputs: Mapping[str, torch.Tensor], pooling: str, who: str, kind: str) -> torch.Tensor:
    """One row per picture or clip.

    Args:
        outputs (Mapping[str, torch.Tensor]): What a vision model returned.
        pooling (str): One of :data:`POOLINGS`.
        who (str): Who asks, for the message.
        kind (str): ``model_type`` of the model, for the message.

    Returns:
        torch.Tensor: (N, D).

    Raises:
        ConfigError: If the model has no output of this kind.
    """
    def refusal(found: str, choice: str) -> ConfigError:
        return ConfigError(f"{who}: pooling='{pooling}', but a {kind} model returns {found}. Choose {choice}.")

    if pooling == 'pooler':
        rows = outputs.get('pooler_output')
        if rows is None:
            raise refusal('no pooler_output', "'cls' or 'mean'")
        return rows.flatten(1)
    tokens = outputs.get('last_hidden_state')
    if tokens is None:
        raise refusal(f'no last_hidden_state, only {", ".join(outputs)}', "'pooler'")
    if tokens.ndim == 4:  # convolutional: (N, C, h, w)
        if pooling == 'cls':
            raise refusal('a feature map and no tokens', "'mean' or 'pooler'")
        return tokens.mean(dim=(2, 3))
    return tokens[:, 0] if pooling == 'cls' else tokens.mean(dim=1)
