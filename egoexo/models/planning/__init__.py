from egoexo.models.planning.history_transformer import HistoryTransformer
from egoexo.models.planning.markov_planner import MarkovPlanner
from egoexo.models.planning.step_history import StepHistoryPlanner

__all__ = ['HistoryTransformer', 'MarkovPlanner', 'StepHistoryPlanner']
