"""What inferencers share when they draw."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ['results_to_draw']


def results_to_draw(results: Sequence[dict] | None, last: Sequence[dict],
                    out_dir: str | Path) -> tuple[Sequence[dict], Path]:
    """What is drawn and where; the folder is made if absent.

    Args:
        results (Sequence[dict] | None): Given by the user; ``None`` takes the last ones.
        last (Sequence[dict]): Results of the last call.
        out_dir (str | Path): Folder of the pictures.

    Returns:
        tuple[Sequence[dict], Path]: Results, at least one, and the folder.

    Raises:
        ValueError: If there is nothing to draw.
    """
    results = last if results is None else results
    if not results:
        raise ValueError('nothing to draw: call the inferencer first, or give results.')
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    return results, out_dir
