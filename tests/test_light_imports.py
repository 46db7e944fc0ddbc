"""What has to work without torch and MMEngine: readers, formulas, protocols and the evaluator."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests_support import REPO

HEAVY = ('torch', 'mmengine', 'mmcv', 'mmaction', 'cv2', 'av', 'decord', 'scipy', 'rapidfuzz', 'pycocotools',
         'matplotlib', 'pandas', 'terminaltables')
ROOMS = ('formats', 'evaluation/functional', 'evaluation/protocols', 'evaluation/offline')

BLOCKER = '''
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError("heavy import of " + name)

sys.meta_path.insert(0, Refuse())
'''


def light_modules() -> list[str]:
    files = [file for room in ROOMS for file in sorted((REPO / 'egoexo' / room).glob('*.py'))]
    return ['.'.join(file.relative_to(REPO).with_suffix('').parts).removesuffix('.__init__') for file in files]


def run_blocked(blocked: tuple[str, ...], code: str, *arguments: str) -> subprocess.CompletedProcess:
    script = BLOCKER.format(blocked=set(blocked)) + code
    return subprocess.run([sys.executable, '-c', script, *arguments], env=os.environ | dict(PYTHONPATH=str(REPO)),
                          capture_output=True, text=True, check=False)


def test_light_rooms_import_numpy_only() -> None:
    modules = light_modules()
    assert {'egoexo.formats.egoexolearn', 'egoexo.evaluation.functional.segmentation',
            'egoexo.evaluation.protocols.segmentation'} <= set(modules)
    done = run_blocked(HEAVY, 'for name in sys.argv[1:]: importlib.import_module(name)', *modules)
    assert done.returncode == 0, done.stderr


def test_the_block_works() -> None:
    done = run_blocked(HEAVY, 'import egoexo.registry')
    assert 'ImportError: heavy import of' in done.stderr


@pytest.mark.cli
def test_evaluator_scores_without_torch(tmp_path: Path) -> None:
    done = run_blocked(('torch', 'mmengine', 'mmcv', 'mmaction'), '''
from pathlib import Path
import runpy
import numpy as np
from egoexo.formats.egoexolearn import write_frame_labels, write_frame_prediction, write_split
root = Path(sys.argv[1])
write_split(root / "splits" / "exo_val_annotations.bundle", ["a"])
write_frame_labels(root / "gts_fps25" / "a.txt", np.array([1, 1, 2, 2]))
write_frame_prediction(root / "pred" / "a", np.array([1, 1, 1]))
sys.argv = ["evaluate.py", "segmentation", "--pred", str(root / "pred"), "--gt", str(root)]
runpy.run_path(''' + repr(str(REPO / 'tools' / 'evaluate.py')) + ''', run_name="__main__")
''', str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert 'exo_val: Acc: 66.6667, Edit: 50.0, F1@Avg: 66.6667, Avg: 63.3333' in done.stdout
