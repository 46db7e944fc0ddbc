"""The key of a layout changes with what its files depend on, and with nothing else."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from egoexo.mini import epic_family, take_family, video_family
from egoexo.mini import request as module
from egoexo.mini.presets import get_preset
from egoexo.mini.request import Request, layout_key

REQUEST = Request(get_preset('tiny'), 0)
CHANGES = [{'preset': dataclasses.replace(get_preset('tiny'), text_noise=0.2)}, {'seed': 1}, {'features': ('clip',)},
           {'gaze_features': ('clip',)}, {'defects': ('nan_feature',)}, {'float32': True},
           {'defects': ('portrait',)}]


@pytest.mark.parametrize(('family', 'changed'), [(video_family, 7), (take_family, 2), (epic_family, 3)])
def test_key_covers_every_argument_that_the_layout_reads(family, changed):
    keys = {layout_key('x', family.arguments(dataclasses.replace(REQUEST, **change)), []) for change in CHANGES}
    own = layout_key('x', family.arguments(REQUEST), [])
    assert len(keys - {own}) == changed
    assert own == layout_key('x', family.arguments(dataclasses.replace(REQUEST)), [])


def test_key_covers_the_source_but_not_the_writers_of_other_layouts(tmp_path, monkeypatch):
    shutil.copytree(Path(module.__file__).parent, tmp_path / 'mini')
    monkeypatch.setattr(module, '__file__', str(tmp_path / 'mini' / 'request.py'))

    def keys() -> tuple[str, str]:
        return layout_key('egoexolearn', {}, ['egoexo4d']), layout_key('egoexo4d', {}, ['egoexolearn'])

    learn, takes = keys()
    assert learn != takes
    (tmp_path / 'mini' / 'layouts' / 'egoexo4d_meta.py').write_text('changed')
    assert keys()[0] == learn
    assert keys()[1] != takes
    (tmp_path / 'mini' / 'render.py').write_text('changed')
    assert keys()[0] != learn
