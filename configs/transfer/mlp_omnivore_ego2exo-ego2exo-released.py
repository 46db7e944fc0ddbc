"""LaGTran from ego to exo with the pseudo-labels that its authors released; no text phase."""
_base_ = './mlp_omnivore_ego2exo-ego2exo-lagtran.py'
phases = dict(_delete_=True)
released = dict(labels='pseudo', pseudo_labels='pseudo_labels/ego2exo_ego_exo.txt')
train_dataloader = dict(dataset=dict(
    target_datasets=[dict(type='TransferDataset', view='exo', split='train', **released)]))
