"""Lets a model see the training texts before its first step."""

from collections.abc import Iterator

from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from egoexo.errors import ConfigError, explain
from egoexo.registry import HOOKS

__all__ = ['FitEncoderHook', 'read_texts']

_CHUNK = 1024


@HOOKS.register_module()
class FitEncoderHook(Hook):
    """Give all training texts to ``model.fit_texts``, and the texts to predict to ``model.prepare``.

    An encoder that counts words chooses its terms that way, a matcher reads class names and source texts, and frozen
    language models embed each distinct text once, with the time left in the log, instead of in the middle of the
    training. A run that is resumed has what was learnt in its checkpoint and only works ahead. Every process does all
    of it, with the same result.

    Examples:
        ``custom_hooks = [dict(type='FitEncoderHook')]``
    """

    priority = 'HIGH'

    def before_train(self, runner: Runner) -> None:
        """Fit to the training texts, and work ahead for them and those of the validation.

        Args:
            runner (Runner): The runner of the training process.

        Raises:
            ConfigError: If the model or the data set knows no texts.
        """
        model, dataset = _model(runner), runner.train_dataloader.dataset
        texts, labels = read_texts(dataset)
        if not runner.iter:
            model.fit_texts(texts, labels, tuple((getattr(dataset, 'metainfo', None) or {}).get('classes') or ()))
        else:
            model.prepare(texts)
        if runner.val_loop is not None:
            model.prepare(read_texts(runner.val_loop.dataloader.dataset)[0])

    def before_test(self, runner: Runner) -> None:
        """Work ahead for the test texts.

        Args:
            runner (Runner): The runner of the testing process.

        Raises:
            ConfigError: If the model or the data set knows no texts.
        """
        _model(runner).prepare(read_texts(runner.test_loop.dataloader.dataset)[0])


def read_texts(dataset: Dataset) -> tuple[list[str], list[int]]:
    """All texts of a data set of sentences, of all lists inside it.

    Args:
        dataset (Dataset): Its samples have a str as ``inputs``.

    Returns:
        tuple[list[str], list[int]]: Texts in the order of the list, and their class ids; no ids at all if a sample has
        none.

    Raises:
        ConfigError: If the inputs are no sentences.
    """
    texts: list[str] = []
    labels: list[int] = []
    for part in _parts(dataset):
        for start in range(0, len(part), _CHUNK):
            indices = list(range(start, min(start + _CHUNK, len(part))))
            read = getattr(part, '__getitems__', None)
            batch = read(indices) if read else pseudo_collate([part[index] for index in indices])
            wrong = next((item for item in batch['inputs'] if not isinstance(item, str)), None)
            if wrong is not None:
                raise ConfigError(explain(f'{type(part).__name__} with FitEncoderHook', 'sentences as inputs',
                                          type(wrong).__name__, 'Take a data set of texts, or remove the hook.'))
            texts += batch['inputs']
            labels += [int(sample.gt_label) for sample in batch['data_samples'] if 'gt_label' in sample]
    return texts, labels if len(labels) == len(texts) else []


def _parts(dataset: Dataset) -> Iterator[Dataset]:
    """Lists inside concatenations and pairs of domains."""
    if hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from _parts(part)
    else:
        yield dataset


def _model(runner: Runner) -> nn.Module:
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    if not (hasattr(model, 'fit_texts') and hasattr(model, 'prepare')):
        raise ConfigError(explain('custom_hooks FitEncoderHook', 'a model of texts, such as TextClassifier',
                                  type(model).__name__, 'Remove the hook, or choose such a model.'))
    return model
