"""What the Ego2Exo builder has to know about the mini world: scenarios, classes and training takes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.layouts.egoexo4d_names import SCENARIOS
from egoexo.mini.layouts.files import write_json
from egoexo.mini.vocabulary import COARSE_CLASSES

if TYPE_CHECKING:
    from egoexo.mini.take_record import TakeRecord

__all__ = ['MIN_SEGMENTS', 'MIN_SHARE', 'transfer_classes', 'write_transfer_recipe']

# A class is kept with this many training segments (so both domains get one) and this share of them.
MIN_SEGMENTS, MIN_SHARE = 3, 0.02


def write_transfer_recipe(root: Path, records: Sequence['TakeRecord']) -> dict[str, int]:
    """Write ``ego2exo_recipe.json``: what the released builder holds in its source code and in ``take_ids.txt``.

    Args:
        root (Path): Root of the layout.
        records (Sequence[TakeRecord]): Takes in world order.

    Returns:
        dict[str, int]: Number of scenarios, classes and takes.
    """
    takes = [record for record in records if record.plan.split == 'train']
    tasks = {record.plan.task for record in records}
    content = {
        'scenarios': [scenario for task, scenario in SCENARIOS.items() if task in tasks],
        'classes': transfer_classes(takes),
        'take_ids': [record.plan.uid for record in takes],
    }
    write_json(root / 'ego2exo_recipe.json', content)
    return {name: len(values) for name, values in content.items()}


def transfer_classes(takes: Sequence['TakeRecord']) -> list[str]:
    """Coarse classes with enough segments (fine actions) in the training takes, in the order of their ids.

    Args:
        takes (Sequence[TakeRecord]): Training takes.

    Returns:
        list[str]: Names with at least :data:`MIN_SEGMENTS` segments and :data:`MIN_SHARE` of all.
    """
    counts = Counter(record.state.steps[action.step_index].class_id
                     for record in takes for action in record.state.actions)
    least = max(MIN_SEGMENTS, MIN_SHARE * counts.total())
    return [COARSE_CLASSES[class_id] for class_id in sorted(counts) if counts[class_id] >= least]
