"""MS-TCN adapted from ego to exo by SSTDA: frame and sequence discriminators, attention, attentive entropy."""
_base_ = ['./mini_mstcn_i3d_egoexolearn-ego2exo.py', '../_base_/adaptation/tas.py']
train_dataloader = dict(
    batch_sampler={{_base_.pairs}},
    collate_fn=dict(type='collate_domains'),
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.exo_train}}]))
model = dict(adaptation={{_base_.sstda}})
