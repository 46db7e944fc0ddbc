"""Pair egocentric segments with third-person clips of LEMMA by the meaning of their labels, for SUM-L.

Examples::

    python tools/data/pair_semantics.py --ann data/epic/annotations/EPIC_100_train.csv --lemma data/lemma \\
        --out data/epic/pairs/epic_lemma_pairs.json
    python tools/data/pair_semantics.py ... --distinct                   # up to three different clips per list
    python tools/data/pair_semantics.py --ann data/mini/epic/annotations/EPIC_100_train.csv \\
        --lemma data/mini/epic/lemma --label-map data/mini/epic/lemma/to_epic.json \\
        --out data/mini/epic/pairs/epic_lemma_pairs.json

The official list of LEMMA holds every segment three times in a row and every list of a pair file ends after three
entries, so that the three are the same clip. That is kept by default; ``--distinct`` takes every segment once.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

from egoexo.errors import AnnotationError, EgoExoError, explain
from egoexo.formats.epic_actions import read_epic_actions
from egoexo.formats.lemma import REPEAT, Lemma, read_lemma
from egoexo.formats.lemma_epic_map import EPIC_100, LabelMap, read_label_map
from egoexo.formats.lemma_narration import clean_narration
from egoexo.formats.semantic_pairs import KINDS, PairEntry, mine_pairs, write_semantic_pairs

__all__ = ['list_entries', 'main', 'pair_semantics', 'parse_args']

_PROGRESS_SEC = 5.0


def list_entries(lemma: Lemma, label_map: LabelMap = EPIC_100, distinct: bool = False, clip_len: int = 32,
                 frame_interval: int = 2) -> list[PairEntry]:
    """Describe the segments of LEMMA as entries of a pair file.

    Args:
        lemma (Lemma): The third-person view.
        label_map (LabelMap): Classes of the other data set by class of LEMMA.
        distinct (bool): Each segment once instead of three times.
        clip_len (int): Pictures of a clip.
        frame_interval (int): Frames from one to the next.

    Returns:
        list[PairEntry]: In official order, numbered as in the official list.

    Raises:
        AnnotationError: If the map does not cover LEMMA's classes, or a video lacks frames.
    """
    for part, names in (('verbs', lemma.names.verbs), ('nouns', lemma.names.nouns)):
        if len(getattr(label_map, part)) != len(names):
            raise AnnotationError(explain(f'label map, {part}', f'a class for each of the {len(names)} of LEMMA',
                                          len(getattr(label_map, part)), 'Give the map of this data with --label-map.'))
    entries = []
    for number, segment in enumerate(lemma.segments):
        label = lemma.label(segment)
        try:
            frames = tuple(lemma.videos[segment.video].clip(segment.start_frame, clip_len, frame_interval))
        except KeyError as error:
            raise AnnotationError(explain(f'video {segment.video} of LEMMA', 'frames that count from 0 without gaps',
                                          f'none with the number {error}', 'Fetch the annotations again.')) from error
        entry = PairEntry(REPEAT * number, tuple(label_map.verbs[verb] for verb in label.verbs),
                          tuple(label_map.nouns[noun] for noun in label.nouns), frames,
                          clean_narration(lemma.names.interactions[label.interactions[0]]))
        entries += [entry._replace(index=entry.index + turn) for turn in range(1 if distinct else REPEAT)]
    return entries


def pair_semantics(ann_file: str | Path, lemma_root: str | Path, out: str | Path, label_map: str | Path | None = None,
                   split: str = '1tpv_train', limit: int = 3, distinct: bool = False) -> dict[str, int]:
    """Write a pair file.

    Args:
        ann_file (str | Path): Training list of EPIC-Kitchens, ``.csv`` or ``.pkl``.
        lemma_root (str | Path): Annotations of LEMMA.
        out (str | Path): The pair file; it is there whole or not at all.
        label_map (str | Path, optional): JSON with the classes of LEMMA's classes; None takes those of EPIC-100.
        split (str): List of LEMMA's videos.
        limit (int): Longest list.
        distinct (bool): Take each segment once instead of three times.

    Returns:
        dict[str, int]: Rows, entries to choose from, and rows by the best kind of pair they have.

    Raises:
        EgoExoError: If an annotation is missing or malformed.
        OSError: If ``out`` cannot be written.
    """
    actions = read_epic_actions(ann_file)
    lemma = read_lemma(lemma_root, split)
    entries = list_entries(lemma, EPIC_100 if label_map is None else read_label_map(label_map), distinct)
    queries = [(action.verb_class, action.noun_class) for action in actions]
    counts: Counter[str] = Counter()

    def rows() -> Iterator[tuple[int, Mapping[str, Sequence[PairEntry]]]]:
        told = time.monotonic()
        for row, lists in enumerate(mine_pairs(queries, entries, limit)):
            counts[next((kind for kind in KINDS if lists[kind]), 'none')] += 1
            if time.monotonic() - told > _PROGRESS_SEC:
                told = time.monotonic()
                print(f'{row + 1:,} of {len(queries):,} rows', flush=True)
            yield row, lists

    num_rows = write_semantic_pairs(out, rows())
    return dict(rows=num_rows, entries=len(entries), **{kind: counts[kind] for kind in (*KINDS, 'none')})


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        argparse.Namespace: One attribute per option.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--ann', type=Path, required=True, help='training list of EPIC-Kitchens, .csv or .pkl')
    parser.add_argument('--lemma', type=Path, required=True, help='folder with metadata/, full/ and splits/ of LEMMA')
    parser.add_argument('--out', type=Path, required=True, help='pair file to write')
    parser.add_argument('--label-map', type=Path, help='JSON {"verbs": [...], "nouns": [...]}: class of each class of '
                        'LEMMA, -1 for none (default: the official map to EPIC-Kitchens-100)')
    parser.add_argument('--split', default='1tpv_train', help='list of videos of LEMMA (default: %(default)s)')
    parser.add_argument('--limit', type=int, default=3, help='longest list of a row (default: %(default)s)')
    parser.add_argument('--distinct', action='store_true', help='take each segment once instead of three times')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pair file and print how many rows found what.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        int: 0, or 2 after an error that the user can mend.
    """
    args = parse_args(argv)
    try:
        counts = pair_semantics(args.ann, args.lemma, args.out, args.label_map, args.split, args.limit, args.distinct)
    except (EgoExoError, OSError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    print(f'{args.out}: ' + ', '.join(f'{name} {count:,}' for name, count in counts.items()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
