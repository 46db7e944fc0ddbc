"""Text phase of LaGTran from usa to asia on GeoPlaces: an MLP over frozen MiniLM embeddings of the captions."""
_base_ = './minilm_text_geoimnet-usa.py'
lists = dict(dataset=dict(ann_file='metadata/geoplaces.json'))
train_dataloader = val_dataloader = test_dataloader = lists
