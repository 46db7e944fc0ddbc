"""Text phase of LaGTran from usa to asia on GeoImnet: an MLP over frozen MiniLM embeddings of the captions."""
_base_ = [
    '../_base_/models/text_mlp.py',
    '../_base_/datasets/geonet_text.py',
    '../_base_/schedules/text_15k.py',
    '../_base_/iter_runtime.py',
]
