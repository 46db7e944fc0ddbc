# The lists of EgoExoLearn action planning for planners that know the steps already done and look at no feature.
_base_ = './egoexolearn_planning.py'
history = dict(with_features=False, with_history=True)
train_dataloader = dict(batch_size=64, dataset=history)
val_dataloader = test_dataloader = dict(dataset=history)
