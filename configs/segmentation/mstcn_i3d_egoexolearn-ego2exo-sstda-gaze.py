"""MS-TCN adapted from gaze-cropped ego to exo by SSTDA."""
_base_ = ['./mstcn_i3d_egoexolearn-ego2exo-gaze.py', '../_base_/adaptation/tas.py']
train_dataloader = dict(
    batch_sampler={{_base_.pairs}},
    collate_fn=dict(type='collate_domains'),
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.exo_train}}]))
model = dict(adaptation={{_base_.sstda}})
