"""Ready batches pass, samples are put into lists."""

from mmengine.registry import FUNCTIONS

from egoexo.datasets.collate import collate_domains


def test_a_ready_batch_passes_as_it_is() -> None:
    batch = dict(source=dict(inputs=[1]), target=dict(inputs=[2]))
    assert collate_domains(batch) is batch


def test_samples_become_lists_in_order() -> None:
    assert collate_domains([dict(inputs=1, data_samples='a'), dict(inputs=2, data_samples='b')]) == dict(
        inputs=[1, 2], data_samples=['a', 'b'])


def test_the_runner_finds_it_by_name() -> None:
    assert FUNCTIONS.get('collate_domains') is collate_domains
