"""Text phase of LaGTran from asia to usa on GeoPlaces: an MLP over frozen MiniLM embeddings of the captions."""
_base_ = './minilm_text_geoplaces-usa.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.asia_train}}]))
val_dataloader = test_dataloader = dict(dataset=dict(datasets=[{{_base_.usa_train}}]))
