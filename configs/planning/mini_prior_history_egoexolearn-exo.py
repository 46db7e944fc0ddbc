"""The frequency of the steps in training, whatever was seen: what any planner must beat."""
_base_ = './mini_markov_history_egoexolearn-exo.py'
model = dict(order=0, discount=0.0, temperature=1.0)
