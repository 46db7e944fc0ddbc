"""Text phase from ego to exo as published: DistilBERT, fine-tuned for 15000 iterations of 32 sentences on a GPU.

`name` is a name of the Hugging Face hub or a folder with its files.
"""
_base_ = './minilm_text_ego2exo-ego.py'
model = dict(
    encoder=dict(name='distilbert-base-uncased', pooling='hf_head', trainable=True, num_classes='dataset'),
    head=None)
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(optimizer=dict(lr=5e-5))
param_scheduler = dict(end=15000)
train_cfg = dict(max_iters=15000, val_interval=15000)
