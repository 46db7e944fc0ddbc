"""What is said about lists of clips, by video instead of by row."""

from collections.abc import Mapping, Sequence

__all__ = ['describe_short', 'describe_videos']

_NUM_EXAMPLES = 5


def describe_videos(bad: Mapping[str, Sequence[str]], num_rows: int, name: str, advice: str) -> str:
    """Report on rows that cannot be used.

    Args:
        bad (Mapping[str, Sequence[str]]): Problems by sample id, which begins with the uid and a bar.
        num_rows (int): Rows of the whole list.
        name (str): The list.
        advice (str): How to get the missing files.

    Returns:
        str: Several lines: the first five videos, each with its number of rows, and what to do.
    """
    videos: dict[tuple[str, ...], int] = {}
    for sample_id, problems in bad.items():
        key = (sample_id.split('|')[0], *problems)
        videos[key] = videos.get(key, 0) + 1
    lines = [f'{len(bad)} of {num_rows} rows of {name} cannot be used, in {len(videos)} videos:']
    lines += [f'  {uid} ({count} rows): {"; ".join(problems)}'
              for (uid, *problems), count in list(videos.items())[:_NUM_EXAMPLES]]
    if len(videos) > _NUM_EXAMPLES:
        lines.append(f'  ({len(videos) - _NUM_EXAMPLES} more: python tools/data/verify_dataset.py CONFIG lists all)')
    lines.append(f"  {advice} Pass on_bad='skip' to leave them out, counted.")
    return '\n'.join(lines)


def describe_short(items: Sequence[Mapping[str, object]], lengths: Mapping[str, int]) -> tuple[int, str]:
    """Count the windows that end past the features of their video.

    Args:
        items (Sequence[Mapping[str, object]]): Rows with ``uid`` and ``last_row``.
        lengths (Mapping[str, int]): Feature rows by uid, as far as known.

    Returns:
        tuple[int, str]: Their number, and a sentence about them, empty when there are none.
    """
    past: dict[str, list[int]] = {}
    for item in items:
        beyond = item['last_row'] - lengths.get(item['uid'], item['last_row'] + 1) + 1
        if beyond > 0:
            past.setdefault(item['uid'], []).append(beyond)
    count = sum(map(len, past.values()))
    if not past:
        return 0, ''
    uid = max(past, key=lambda key: max(past[key]))
    return count, (
        f'{count} of {len(items)} contexts, in {len(past)} videos, end past the features of their video, most in {uid} '
        f"by {max(past[uid])} rows; the last row stands in. on_short_feature='error' stops instead.")
