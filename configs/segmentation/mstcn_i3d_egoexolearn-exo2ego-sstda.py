"""MS-TCN adapted from exo to ego by SSTDA: frame and sequence discriminators, attention, attentive entropy."""
_base_ = ['./mstcn_i3d_egoexolearn-exo2ego.py', '../_base_/adaptation/tas.py']
train_dataloader = dict(
    batch_sampler={{_base_.pairs}},
    collate_fn=dict(type='collate_domains'),
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.ego_train}}]))
model = dict(adaptation={{_base_.sstda}})
