from egoexo.models.planning.history_perceptron import HistoryPerceptron
from egoexo.models.planning.history_transformer import HistoryTransformer
from egoexo.models.planning.markov_planner import MarkovPlanner
from egoexo.models.planning.step_history import StepHistoryPlanner, steps_cross_entropy

__all__ = ['HistoryPerceptron', 'HistoryTransformer', 'MarkovPlanner', 'StepHistoryPlanner', 'steps_cross_entropy']
