# A classifier of sentences: a frozen encoder, then 384 -> 384 -> classes. The weights of all-MiniLM-L6-v2 come with the
# installation, nothing is downloaded.
model = dict(
    type='TextClassifier',
    encoder=dict(type='HFTextEncoder', name='minilm', scale=8.0),
    head=dict(type='MLPHead', feat_size=[384, 384], num_classes='dataset', bn=False, dropout=0.2))
