"""Which windows of the released features, and which frames, belong to a segment of Ego2Exo.

Omnivore features of Ego-Exo4D have one row per window of 32 frames at 30 fps, every 16 frames; the last window of a
take ends with it. The rules are those of the notebook that made the benchmark (LaGTran,
``Ego2Exo/create_data.ipynb``).
"""

__all__ = ['FPS', 'STRIDE', 'WINDOW', 'frame_windows', 'nearest_window', 'overlapping_windows', 'window_table']

#: Frames per second that windows are counted in.
FPS = 30
#: Frames of a window.
WINDOW = 32
#: Frames from one window to the next.
STRIDE = 16


def window_table(num_frames: int) -> list[tuple[int, int]]:
    """First and last frame of each window of a take, that is of each row of its feature files.

    Args:
        num_frames (int): Frames of the take at 30 fps.

    Returns:
        list[tuple[int, int]]: Whole windows, and one more that ends with the take unless 16 divides its length; in a
        take that is shorter than a window it begins before frame 0. Empty for 0 and 16 frames.

    Examples:
        >>> window_table(50)
        [(0, 31), (16, 47), (18, 49)]
        >>> window_table(20), window_table(16)
        ([(-12, 19)], [])
    """
    table = [(first, first + WINDOW - 1) for first in range(0, num_frames - WINDOW + 1, STRIDE)]
    if num_frames % STRIDE:
        table.append((num_frames - WINDOW, num_frames - 1))
    return table


def overlapping_windows(table: list[tuple[int, int]], start_sec: float, end_sec: float) -> list[int]:
    """Windows that overlap a segment.

    Args:
        table (list[tuple[int, int]]): See :func:`window_table`.
        start_sec (float): Start of the segment.
        end_sec (float): Its end; nothing may lie in between.

    Returns:
        list[int]: Indices into ``table``, in order.

    Raises:
        KeyError: If the segment begins after the last window, as in the notebook.

    Examples:
        >>> overlapping_windows(window_table(300), 1.0, 2.0)
        [0, 1, 2, 3]
    """
    start, end = start_sec * FPS, end_sec * FPS
    # Window k ends at 16 k + 31, the last one perhaps earlier: jump close, then look.
    index = max(0, min(int((start - WINDOW) // STRIDE), len(table) - 1))
    while index < len(table) and table[index][1] < start:
        index += 1
    if index == len(table):
        raise KeyError(index)
    first = index
    while index < len(table) and table[index][0] < end:
        index += 1
    return list(range(first, index))


def nearest_window(table: list[tuple[int, int]], start_sec: float, end_sec: float) -> int:
    """Window whose middle is nearest to the middle of a segment.

    Args:
        table (list[tuple[int, int]]): At least one window.
        start_sec (float): Start of the segment.
        end_sec (float): Its end.

    Returns:
        int: Index into ``table``; the first of two that are equally near.
    """
    middle = (start_sec + end_sec) * FPS
    return min(range(len(table)), key=lambda index: abs(sum(table[index]) - middle))


def frame_windows(start_sec: float, end_sec: float) -> list[tuple[int, int]]:
    """Windows of 32 frames that cover a segment, for whoever decodes its video.

    Args:
        start_sec (float): Start of the segment.
        end_sec (float): Its end.

    Returns:
        list[tuple[int, int]]: First and last frame, at least one pair; the last one ends with the segment, and is
        shorter than a window at the start of a take.

    Examples:
        >>> frame_windows(1.1, 3.0)
        [(33, 64), (49, 80), (59, 90)]
    """
    start, end = int(start_sec * FPS), int(end_sec * FPS)
    windows = [(first, first + WINDOW - 1) for first in range(start, end - WINDOW + 2, STRIDE)]
    if not windows or windows[-1][1] != end:
        windows.append((max(0, end - WINDOW + 1), end))
    return windows
