import pytest

from egoexo.checkpoints.anticipation_layout import (
    AnticipationLayout,
    PlanningLayout,
    check_official,
    guess_layout,
    guess_planning_layout,
    official_shapes,
)
from egoexo.registry import MODELS

SMALL = dict(in_channels=6, channels=8, num_classes=4, num_segments=3, relation_channels=10)


def test_options_are_read_back_from_the_shapes(clip_layout):
    assert guess_layout(official_shapes(clip_layout)) == clip_layout


def test_planning_has_eight_steps():
    layout = PlanningLayout(**(SMALL | dict(num_classes=5)))
    shapes = official_shapes(layout)
    assert shapes['fc_classifier_video_source.weight'] == (40, 10)
    assert guess_planning_layout(shapes) == layout
    with pytest.raises(ValueError, match=r'shape \(4\): fc_classifier_source\.weight \(4, 8\) instead of \(8, 8\)'):
        check_official(official_shapes(AnticipationLayout(**SMALL)),
                       guess_planning_layout(official_shapes(AnticipationLayout(**SMALL))))


def test_model_of_a_layout_has_its_tensors(clip_layout):
    parts = clip_layout.model_config()
    model = MODELS.build(dict(type='ClipModel', **(parts | dict(head=parts['head'] | dict(loss=[])))))
    assert sorted(tuple(value.shape) for value in model.state_dict().values()) == sorted(
        official_shapes(clip_layout).values())


def test_attention_is_told_not_read():
    assert AnticipationLayout().model_config('domain')['attention'] == 'domain'
    assert AnticipationLayout(general_attention=True).model_config('domain')['attention'] == 'general'


def test_differences_are_listed(clip_layout):
    shapes = official_shapes(clip_layout)
    check_official(shapes, clip_layout)
    shapes['extra.weight'] = shapes.pop('fc_feature_domain.bias')
    with pytest.raises(ValueError, match='expected the tensors of an EgoExoLearn clip network with AnticipationLayout'):
        check_official(shapes, clip_layout)


def test_foreign_shapes_are_refused():
    with pytest.raises(ValueError, match='not an EgoExoLearn anticipation or planning checkpoint.*found keys like b'):
        guess_layout({'backbone.fc.weight': (3, 3)})


def test_forged_index_does_not_cost_memory():
    shapes = official_shapes(AnticipationLayout()) | {'TRN.fc_fusion_scales.999999999.1.bias': (256,)}
    assert guess_layout(shapes).num_segments <= len(shapes) + 1
