"""Text phase of LaGTran from ego to exo: an MLP over frozen MiniLM embeddings; minutes on a CPU, nothing downloaded."""
_base_ = [
    '../_base_/models/text_mlp.py',
    '../_base_/datasets/ego2exo_text.py',
    '../_base_/schedules/text_3k.py',
    '../_base_/iter_runtime.py',
]
