import numpy as np
import pytest

from egoexo.visualization.separability import domain_separability, project, transfer_accuracy


def make_rows(shift, num=200, num_videos=20, num_dims=8, seed=0, per_video=0.0):
    rng = np.random.default_rng(seed)
    videos = rng.permutation(np.arange(num) % num_videos)
    domains = videos % 2
    rows = rng.normal(size=(num, num_dims)) + per_video * rng.normal(size=(num_videos, num_dims))[videos]
    rows[:, 0] += shift * domains
    return rows, domains, [f'v{video}' for video in videos]


def test_project_finds_the_axis_of_the_spread():
    angle = np.deg2rad(30)
    line = np.linspace(-1, 1, 11)[:, None] * np.array([[np.cos(angle), np.sin(angle), 0]])
    points, shares = project(line)
    np.testing.assert_allclose(points[:, 0], np.linspace(-1, 1, 11), atol=1e-12)
    np.testing.assert_allclose(shares, [1, 0], atol=1e-12)


def test_project_keeps_distances_in_two_dimensions():
    rows = np.random.default_rng(0).normal(size=(7, 2)) + 5
    points, shares = project(rows)
    pairs = np.linalg.norm(rows[:, None] - rows, axis=2)
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - points, axis=2), pairs)
    assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize(('shift', 'low', 'high'), [(8, 0.0, 0.01), (2, 0.1, 0.25), (0, 0.35, 0.65)])
def test_error_follows_the_overlap_of_the_domains(shift, low, high):
    error, distance = domain_separability(*make_rows(shift))
    assert low <= error <= high
    assert distance == pytest.approx(max(2 * (1 - 2 * error), 0))


def test_rows_of_one_video_do_not_give_it_away():
    """Videos far apart, no difference of the domains: a probe that saw the video would be right every time."""
    rows, domains, videos = make_rows(0, num_dims=40, per_video=6.0)
    assert domain_separability(rows, domains, videos)[0] > 0.3
    assert domain_separability(rows, domains, [str(row) for row in range(len(rows))])[0] < 0.1


def test_unequal_domains_are_weighed_alike():
    rows, domains, videos = make_rows(0, num=400)
    keep = (domains == 0) | (np.arange(400) % 8 == 1)
    error, _ = domain_separability(rows[keep], domains[keep], np.asarray(videos)[keep])
    assert 0.3 < error < 0.7  # always answering the larger domain gives 0.5 too, not less


def test_more_dimensions_than_rows():
    rows, domains, videos = make_rows(0, num=40, num_dims=300)
    rows[:, :150] += 3 * domains[:, None]
    assert domain_separability(rows, domains, videos)[0] < 0.05


@pytest.mark.parametrize(('videos', 'counts'), [(['a', 'a', 'b', 'c'], '1 and 2'), (['a', 'b', 'c', 'c'], '2 and 1')])
def test_a_domain_of_one_video(videos, counts):
    with pytest.raises(ValueError, match=rf'have {counts} video\(s\), expected at least two each'):
        domain_separability(np.zeros((4, 2)), np.array([0, 0, 1, 1]), videos)


def test_transfer_accuracy_is_a_mean_over_common_classes():
    features = np.array([[0.0], [10.0], [20.0], [1.0], [1.0], [9.0], [0.5]])
    classes = np.array([0, 1, 2, 0, 0, 1, 1])
    domains = np.array([0, 0, 0, 1, 1, 1, 1])
    assert transfer_accuracy(features, classes, domains) == pytest.approx((1 + 0.5) / 2)
    assert transfer_accuracy(features, np.where(classes == 1, -1, classes), domains) is None


@pytest.mark.parametrize('shape', [(1, 4), (4, 1), (4,)])
def test_too_few_rows_to_project(shape):
    with pytest.raises(ValueError, match='expected \\(N, F\\) with N >= 2 and F >= 2'):
        project(np.zeros(shape))
