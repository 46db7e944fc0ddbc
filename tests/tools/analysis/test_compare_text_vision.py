"""Bars and confusion matrices of text labels and models, from their files."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from tests_support import REPO
from transfer_report_support import NUM_CLASSES, predict
from transfer_support import write_ego2exo_root, write_true_pseudo_labels

tool = runpy.run_path(str(REPO / 'tools' / 'analysis' / 'compare_text_vision.py'))
main, read_source, draw = tool['main'], tool['read_source'], tool['draw']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_ego2exo_root(tmp_path, NUM_CLASSES)
    for name, strength in (('weak', 1), ('strong', 4)):
        np.savez(root / f'{name}.npz', **predict(root, strength)[0])
    write_true_pseudo_labels(root, 'exo_train', 'labels.txt')
    return root


def test_pictures_and_table(folder: Path, capsys: pytest.CaptureFixture) -> None:
    files = main([f'text labels={folder / "labels.txt"}', f'source only={folder / "weak.npz"}',
                  f'LaGTran={folder / "strong.npz"}', '--gt', str(folder), '--view', 'exo', '--out',
                  str(folder / 'new' / 'pictures')])
    assert [path.name for path in files] == ['class_accuracy_exo.png', *(f'confusion_exo_{n}.png' for n in (1, 2, 3))]
    assert all(path.stat().st_size > 5000 for path in files)
    shown = capsys.readouterr().out
    assert '| text labels | exo_train |       56 | 100.00 |     - |         100.00 |' in shown
    assert '| LaGTran     | exo_val   |       56 |' in shown


def test_bars_are_the_accuracies(folder: Path) -> None:
    annotations = tool['Annotations'](folder)
    sources = [read_source(name, str(folder / file), 'exo', annotations)
               for name, file in (('text', 'labels.txt'), ('model', 'strong.npz'))]
    figures = draw(sources, annotations.class_names, 'exo')
    bars = [bar.get_width() for bar in figures['class_accuracy_exo'].axes[0].patches
            if bar.get_gid() == 'model, exo_val']
    assert np.mean(bars) == pytest.approx(sources[1].scores['mean_class_acc'])
    assert sources[1].confusions.trace() / sources[1].confusions.sum() == sources[1].scores['top1'] / 100
    assert list(figures)[1:] == ['confusion_exo_1', 'confusion_exo_2']


@pytest.mark.parametrize(('sources', 'message'), [
    (['weak.npz'], 'the sources: expected NAME=FILE, each name once'),
    (['a=weak.npz', 'a=strong.npz'], 'expected NAME=FILE, each name once'),
    (['a=absent.npz'], 'absent.npz: expected an .npz'),
    (['a=ego_only.npz'], 'ego_only.npz: expected predictions for exo_val, found those for ego_val only'),
])
def test_refusals(folder: Path, capsys: pytest.CaptureFixture, sources: list[str], message: str) -> None:
    arrays = np.load(folder / 'weak.npz')
    np.savez(folder / 'ego_only.npz', **{name: arrays[name] for name in arrays if name.startswith('ego')})
    sources = [f'{name}={folder / file}' if file else name for name, _, file in (
        source.partition('=') for source in sources)]
    with pytest.raises(SystemExit) as stop:
        main([*sources, '--gt', str(folder), '--view', 'exo', '--out', str(folder / 'p')])
    assert message in str(stop.value.code) + capsys.readouterr().err
