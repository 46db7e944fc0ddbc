import numpy as np

from egoexo.datasets.transforms.shuffle_labels import ShuffleLabels


def test_same_labels_in_another_order_every_epoch_alike() -> None:
    labels = np.repeat(np.arange(10), 20)
    first = ShuffleLabels().transform(dict(gt_step_labels=labels.copy()))['gt_step_labels']
    again = ShuffleLabels().transform(dict(gt_step_labels=labels.copy()))['gt_step_labels']
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(np.sort(first), labels)
    assert (first == labels).mean() < 0.25
