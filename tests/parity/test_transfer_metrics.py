"""Transfer metrics against the numbers that the released code gave.

Top-k within 1e-4 percent, as the released meter sums float32 numbers of batches; class accuracies within 1e-9.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from tests_support import parity_dir

from egoexo.evaluation.functional.clip_groups import ClipRow
from egoexo.evaluation.functional.transfer import class_accuracy_text
from egoexo.evaluation.functional.transfer_groups import transfer_groups
from egoexo.evaluation.protocols.transfer import get_protocols

OWNS = {'lagtran': ['metrics*.json', 'metrics*.npz']}


def cases() -> dict[str, tuple[Path, str, dict]]:
    """``<file>/<case>`` -> (arrays, case, values)."""
    return {f'{path.stem}/{case}': (path.with_suffix('.npz'), case, values)
            for path in sorted(parity_dir('lagtran').glob('metrics*.json'))
            for case, values in json.loads(path.read_text()).items()}


CASES = cases()


def test_there_are_cases_with_and_without_gaps() -> None:
    assert any(values['n_class_when_0'] < values['C'] for _, _, values in CASES.values())
    assert any(values['n_class_when_0'] == values['C'] for _, _, values in CASES.values())


@pytest.mark.parametrize('name', CASES)
def test_scores(name: str) -> None:
    file, case, stored = CASES[name]
    arrays = np.load(file)
    logits, labels = arrays[f'{case}.logits'], arrays[f'{case}.labels']
    assert logits.shape == (stored['N'], stored['C'])
    rows = [ClipRow(str(index), 'take', 'exo_val', label, row)
            for index, (label, row) in enumerate(zip(labels, logits, strict=True))]
    groups = {group.protocol: group for group in transfer_groups(rows, get_protocols('all'), per_class=True)}
    official, legacy = groups['official'], groups['legacy_numclass0']
    for group in (official, legacy):
        assert group.scores['top1'] == pytest.approx(stored['top1'], rel=0, abs=1e-4)
        assert group.scores['top5'] == pytest.approx(stored['top5'], rel=0, abs=1e-4)
    assert official.scores['mean_class_acc'] == pytest.approx(stored['mean_percls_full'], rel=0, abs=1e-9)
    assert legacy.scores['mean_class_acc'] == pytest.approx(stored['mean_percls_numclass0'], rel=0, abs=1e-9)
    np.testing.assert_allclose(100 * official.class_recall, stored['percls_full'], rtol=0, atol=1e-9)
    np.testing.assert_allclose(100 * legacy.class_recall[:stored['n_class_when_0']], stored['percls_numclass0'],
                               rtol=0, atol=1e-9)
    assert class_accuracy_text(official.class_recall).splitlines() == [repr(value) for value in stored['percls_full']]
