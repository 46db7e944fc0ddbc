import pytest

from egoexo.engine.hooks import ProgressLoggerHook, progress_logger_hook


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress_logger_hook.time, 'monotonic', lambda: now[0])
    return now


def test_prints_by_count_and_after_silence(clock):
    hook = ProgressLoggerHook(interval=50, max_silence_sec=10)
    hook.before_test_epoch(None)
    lines = []
    for step in range(60):
        clock[0] += 3
        if hook.every_n_inner_iters(step, hook.interval):
            lines.append(step + 1)
    # Every 4 steps of 3 s are the first beyond 10 s; step 50 is due by count and restarts the clock.
    assert lines == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 50, 54, 58]


def test_fast_loops_print_by_count_alone(clock):
    hook = ProgressLoggerHook(interval=50)
    hook.before_val_epoch(None)
    assert [step + 1 for step in range(120) if hook.every_n_inner_iters(step, 50)] == [50, 100]
