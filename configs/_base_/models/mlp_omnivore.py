# The released network over pooled Omnivore features: 1536 -> 256 -> classes; 400,152 parameters with 24 classes.
model = dict(type='SegmentClassifier', head=dict(type='MLPHead', feat_size=[1536, 256], num_classes='dataset'))
