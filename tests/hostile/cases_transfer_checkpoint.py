"""Official checkpoints of the transfer benchmark whose classifier is absent, forged or of another model."""

from collections.abc import Callable
from pathlib import Path

import torch
from hostile.case import Case
from hostile.files import Make

from egoexo.checkpoints.families import FAMILIES
from egoexo.checkpoints.transfer_layout import TransferLayout, official_shapes
from egoexo.errors import CheckpointError
from tools.convert_checkpoint import convert

_LAYOUT = TransferLayout(in_channels=6, hidden=(5,), num_classes=4)


def _classifier() -> dict:
    return {key: torch.ones(shape) for key, shape in official_shapes(_LAYOUT).items()}


def _saved(change: Callable[[dict], object]) -> Make:
    """A file whose container was changed in place, or replaced by what ``change`` returns."""
    def make(folder: Path) -> Path:
        container = dict(iteration=5, model_fe_state=dict(cls_token=torch.ones(1, 1, 8)), model_cls_state=_classifier(),
                         best_acc_tgt=1.0)
        content = change(container)
        torch.save(container if content is None else content, folder / 'best_model.pkl')
        return folder / 'best_model.pkl'
    return make


def _changed(entries: dict[str, torch.Tensor]) -> Make:
    """Entries of the classifier replaced or added."""
    return _saved(lambda container: container['model_cls_state'].update(entries))


def _convert(path: Path) -> int:
    return convert(FAMILIES['transfer'], path, path.with_name('out.pth'))


FILES: dict[str, tuple[Make, str]] = {
    'encoder-only': (_saved(lambda container: container.pop('model_cls_state') and None),
                     r'not a classifier of LaGTran: expected 2-D tensors mlp\.0\.weight'),
    'classifier-of-text': (_saved(lambda container: container.update(model_cls_state='ViT')),
                           'not a classifier of LaGTran'),
    'classifier-empty': (_saved(lambda container: dict(model_cls_state={})), 'without tensors below them'),
    'other-width': (_changed({'out.weight': torch.ones(4, 7)}), r'wrong shape \(1\): out\.weight \(4, 7\) instead of'),
    'other-classes': (_changed({'out.bias': torch.ones(9)}), r'out\.bias \(9,\) instead of \(4,\)'),
    'layer-too-many': (_changed({'mlp.7.weight': torch.ones(5, 5)}), r'missing \(\d+\): mlp\.7\.bias'),
    'layer-of-a-huge-number': (_changed({f'mlp.{10**20}.weight': torch.ones(5, 5)}), r'unexpected \(1\): mlp\.1000'),
    'layer-of-foreign-digits': (_changed({'mlp.\u0663.weight': torch.ones(5, 5)}), r'unexpected \(1\): mlp\.'),
    'scalar-weight': (_changed({'mlp.0.weight': torch.tensor(1.0)}), 'not a classifier of LaGTran'),
    'five-dimensions': (_changed({'mlp.0.weight': torch.ones(1, 1, 1, 1, 1)}), 'not a classifier of LaGTran'),
    'both-prefixes': (_changed({'module.out.bias': torch.ones(4)}), 'both with and without the prefix'),
    'key-with-escapes': (_changed({'\x1b[31m': torch.ones(1)}), r'unexpected \(1\): \\x1b\[31m'),
    'key-of-a-megabyte': (_changed({'k' * 10**6: torch.ones(1)}), r'unexpected \(1\): kkk'),
    'twenty-thousand-keys': (_changed({f'mlp.{number}.bias': torch.ones(1) for number in range(20_000)}),
                             r'unexpected \(199\d\d\)'),
}
CASES = [Case(f'transfer-{name}', 'checkpoint', make, _convert, CheckpointError, (found,))
         for name, (make, found) in FILES.items()]
