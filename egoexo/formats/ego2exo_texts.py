"""The text of an Ego2Exo segment: what its annotators wrote about that time.

Rules and draws are those of the notebook that made the benchmark (LaGTran, ``Ego2Exo/create_data.ipynb``).
"""

import random
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from egoexo.errors import ConfigError, explain
from egoexo.formats.egoexo4d import Annotator, Description

__all__ = ['STRIPS', 'SegmentText', 'by_annotator', 'collect_text', 'strip_subject']

#: How the subject is taken off a sentence, see :func:`strip_subject`.
STRIPS = ('legacy', 'subject')
_SUBJECT = re.compile(r'[CO]\s+')


class SegmentText(NamedTuple):
    """Sentences about one segment.

    Args:
        texts (dict[str, str]): By annotator; only those who wrote something.
        best_exo (list[dict | None]): Best exo view of each sentence used, all annotators in one list.
        is_fallback (bool): Whether the sentences lie beside the segment because none lies in it.
    """

    texts: dict[str, str]
    best_exo: list[dict | None]
    is_fallback: bool


def strip_subject(text: str, strip: str = 'legacy') -> str:
    """Take the subject off a sentence.

    Args:
        text (str): For example ``'C cuts the onion.'``, or ``'The woman Y waits.'`` about somebody else.
        strip (str): ``'legacy'`` drops two characters whatever they are, as the released data does; ``'subject'``
            drops a leading ``C`` or ``O`` only.

    Raises:
        ConfigError: If ``strip`` is unknown.

    Examples:
        >>> strip_subject('The woman Y waits.'), strip_subject('The woman Y waits.', 'subject')
        ('e woman Y waits.', 'The woman Y waits.')
        >>> strip_subject('C cuts the onion.'), strip_subject('C cuts the onion.', 'subject')
        ('cuts the onion.', 'cuts the onion.')
    """
    if strip not in STRIPS:
        raise ConfigError(explain('strip', f'one of {", ".join(STRIPS)}', repr(strip), 'Choose one of them.'))
    return text[2:] if strip == 'legacy' else _SUBJECT.sub('', text, count=1) if _SUBJECT.match(text) else text


def by_annotator(annotators: Sequence[Annotator]) -> dict[str, tuple[Description, ...]]:
    """Sentences of a take by annotator; who comes twice is known by the last time, at the place of the first."""
    return {annotator.annotator_id: annotator.descriptions for annotator in annotators}


def collect_text(annotators: Mapping[str, Sequence[Description]], start_sec: float, end_sec: float,
                 draw: random.Random, strip: str = 'legacy') -> SegmentText:
    """Sentences about a segment, or else those before and after it by one annotator drawn at random.

    Args:
        annotators (Mapping[str, Sequence[Description]]): See :func:`by_annotator`.
        start_sec (float): Start of the segment; a sentence at this moment belongs to it.
        end_sec (float): Its end; likewise.
        draw (random.Random): Asked once if no sentence lies in the segment.
        strip (str): See :func:`strip_subject`.

    Returns:
        SegmentText: Empty where nobody wrote anything.
    """
    texts: dict[str, str] = {}
    best: list[dict | None] = []
    for name, rows in annotators.items():
        inside = [row for row in rows if start_sec <= row.timestamp <= end_sec]
        if inside:
            texts[name] = ' '.join(strip_subject(row.text, strip) for row in inside)
            best += [row.best_exo for row in inside]
    if any(texts.values()) or not annotators:
        return SegmentText(texts, best, False)
    chosen = draw.sample(list(annotators), 1)[0]
    beside = _neighbours(annotators[chosen], start_sec, end_sec)
    best += [row.best_exo for row in beside]
    return SegmentText({chosen: ' '.join(strip_subject(row.text, strip) for row in beside)} if beside else {}, best,
                       True)


def _neighbours(rows: Sequence[Description], start_sec: float, end_sec: float) -> list[Description]:
    """The sentence before a segment, or the take's last one where none is, and the one after it, if any."""
    if not rows:
        return []
    times = [row.timestamp for row in rows]
    last = len(rows) - 1
    # Two neighbours must straddle the start for the first of them to count, hence the last sentence otherwise.
    before = next((index for index in range(last) if times[index] < start_sec < times[index + 1]), last)
    after = 0 if times[0] > end_sec else next(
        (index for index in range(1, len(rows)) if times[index - 1] < end_sec < times[index]), None)
    return [rows[before], *([] if after is None else [rows[after]])]
