"""LaGTran from exo to ego with the pseudo-labels that its authors released; no text phase."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-lagtran.py'
phases = dict(_delete_=True)
released = dict(labels='pseudo', pseudo_labels='pseudo_labels/ego2exo_exo_ego.txt')
train_dataloader = dict(dataset=dict(
    target_datasets=[dict(type='TransferDataset', view='ego', split='train', **released)]))
