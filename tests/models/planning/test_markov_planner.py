"""MarkovPlanner: counts, back-off, marginals against brute force, draws."""

import itertools

import numpy as np
import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.evaluation.functional.planning import best_distances, constant_logits, planning_scores
from egoexo.evaluation.functional.planning_decoding import draw_sequences, keyed_uniforms
from egoexo.models.planning import MarkovPlanner
from egoexo.registry import MODELS

VIDEOS = [[0, 1, 2, 0, 1], [1, 1, 2, 0], [2, 0, 1, 2, 2, 1], [0]]
BEGIN = 3


def planner(order=2, discount=0.75, horizon=3, **options):
    model = MarkovPlanner(num_classes=3, horizon=horizon, order=order, discount=discount, **options)
    model.count(VIDEOS)
    return model.eval()


def by_hand(context, order, discount=0.75, num_classes=3):
    """P(next | context), written down from the definition."""
    found = [1 / num_classes] * num_classes
    for length in range(order + 1):
        tail = ([BEGIN] * order + list(context))[order + len(context) - length:]
        followers = [steps[at] for steps in VIDEOS for at in range(len(steps))
                     if ([BEGIN] * order + steps)[order + at - length:order + at] == tail]
        if followers:
            given = discount * len(set(followers))
            found = [(max(followers.count(step) - discount, 0) + given * found[step]) / len(followers)
                     for step in range(num_classes)]
    return found


def test_counts_are_those_of_the_videos():
    counts = planner(order=1).counts
    assert counts[0].tolist() == [5, 6, 5]
    assert counts[1].tolist() == [[0, 3, 0], [0, 1, 3], [3, 1, 1], [2, 1, 1]]  # last row: the first steps


def test_steps_count_once_however_rows_overlap_and_repeat(rows):
    model, other = MarkovPlanner(num_classes=3, horizon=3, order=2), MarkovPlanner(num_classes=3, horizon=3, order=2)
    long = [steps for steps in VIDEOS if len(steps) > 3]
    samples = [sample for number, steps in enumerate(long) for sample in rows(steps, f'video{number}')]
    assert model.observe([*samples[::-1], *samples[:4]]) == 3
    assert model.finish() == 3
    other.count(long)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(model.counts, other.counts, strict=True))
    assert model.finish() == 0 and not any(counts.any() for counts in model.counts)  # nothing is left over


def test_row_without_labels_adds_its_past_only(rows):
    model = MarkovPlanner(num_classes=3, horizon=3, order=0)
    last = rows([0, 1, 2, 2, 1])[-1]
    last.gt_future_steps = torch.full((3,), -1)
    model.observe([last])
    model.finish()
    assert model.counts[0].tolist() == [1, 1, 0]


@pytest.mark.parametrize('order', [0, 1, 2, 3])
@pytest.mark.parametrize('discount', [0.0, 0.5, 0.75])
def test_next_step_follows_the_definition(order, discount):
    model = planner(order, discount)
    for length in range(5):
        for past in itertools.product(range(3), repeat=length):
            first = model.log_probabilities([torch.tensor(past, dtype=torch.int64)])[0, 0].exp()
            np.testing.assert_allclose(first.numpy(), by_hand(past, order, discount), atol=1e-12)


def test_unseen_context_takes_the_shorter_one():
    model = planner(order=2)
    assert not model.counts[2][0, 2].any()  # nobody did 0, then 2
    after_pair, after_one = (model.log_probabilities([torch.tensor(past)])[0, 0] for past in ([0, 2], [1, 1, 0, 2]))
    torch.testing.assert_close(after_pair, after_one)
    np.testing.assert_allclose(after_pair.exp().numpy(), by_hand([2], 1), atol=1e-12)


def test_without_any_count_all_classes_are_alike():
    model = MarkovPlanner(num_classes=4, horizon=2)
    torch.testing.assert_close(model.log_probabilities([torch.tensor([1])]).exp(),
                               torch.full((1, 2, 4), 0.25, dtype=torch.float64))


@pytest.mark.parametrize('order', [0, 1, 2, 3])
def test_marginals_are_the_sum_over_all_ways(order):
    model = planner(order, horizon=4)
    for past in ((), (1,), (2, 0), (0, 1, 2, 2)):
        expected = np.zeros((4, 3))
        for way in itertools.product(range(3), repeat=4):
            chance = 1.0
            for z, step in enumerate(way):
                chance *= by_hand([*past, *way[:z]], order)[step]
            for z, step in enumerate(way):
                expected[z, step] += chance
        found = model.log_probabilities([torch.tensor(past, dtype=torch.int64)])[0].exp().numpy()
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_predicted_logits_are_tempered_logs(rows):
    sample = rows(VIDEOS[0])[1]
    log = planner().log_probabilities([sample.gt_past_steps])[0]
    planner(temperature=0.5).predict([sample.gt_past_steps], [sample])
    expected = (2 * log).softmax(-1)
    torch.testing.assert_close(sample.pred_future_logits.double().exp(), expected, atol=1e-6, rtol=0)
    assert sample.pred_future_logits.dtype == torch.float32 and 'pred_future_samples' not in sample


def test_impossible_steps_have_finite_logits(rows):
    sample = rows(VIDEOS[0])[1]
    planner(order=1, discount=0.0).predict([sample.gt_past_steps], [sample])
    assert torch.isfinite(sample.pred_future_logits).all() and sample.pred_future_logits.min() < -500


def predict(model, samples, batch):
    for start in range(0, len(samples), batch):
        model.predict([sample.gt_past_steps for sample in samples[start:start + batch]], samples[start:start + batch])
    return ([sample.pred_future_logits for sample in samples], [sample.pred_future_samples for sample in samples])


def test_batches_and_order_do_not_matter(rows):
    model = planner(num_joint=5)
    samples = [sample for steps in VIDEOS[:3] for sample in rows(steps, str(steps))]
    whole = predict(model, samples, 100)
    for again in (predict(model, samples, 1), predict(model, samples[::-1], 2)):
        again = again if again[0][0].equal(whole[0][0]) else tuple(part[::-1] for part in again)
        assert all(torch.equal(a, b) for ours, theirs in zip(whole, again, strict=True)
                   for a, b in zip(ours, theirs, strict=True))


def test_draws_follow_the_chain_jointly():
    model = planner(order=1, horizon=2, num_joint=40000)
    drawn = model.draw([torch.tensor([2])], ['x'])[0]
    for first, second in itertools.product(range(3), repeat=2):
        share = ((drawn[:, 0] == first) & (drawn[:, 1] == second)).double().mean().item()
        assert share == pytest.approx(by_hand([2], 1)[first] * by_hand([first], 1)[second], abs=0.01)


def test_draws_with_low_temperature_take_the_best_step():
    model = planner(order=1, horizon=4, num_joint=3, joint_temperature=0.01)
    assert model.draw([torch.tensor([2])], ['x'])[0].tolist() == [[0, 1, 2, 0]] * 3


def test_other_seeds_and_samples_draw_otherwise():
    past = [torch.tensor([2]), torch.tensor([2])]
    first, second = planner(num_joint=50).draw(past, ['x', 'y'])
    assert not torch.equal(first, second)
    assert not torch.equal(first, planner(num_joint=50, seed=1).draw(past, ['x', 'y'])[0])


def test_checkpoint_round_trip(tmp_path):
    model, other = planner(), MarkovPlanner(num_classes=3, horizon=3, order=2)
    torch.save(model.state_dict(), tmp_path / 'counts.pth')
    other.load_state_dict(torch.load(tmp_path / 'counts.pth', weights_only=True))
    past = [torch.tensor([1, 2])]
    assert torch.equal(model.log_probabilities(past), other.log_probabilities(past))


def score_on_cycles(shuffle):
    """1-AUED of planner and constant prior on procedures that run round one of two circles, some steps left out."""
    rng = np.random.default_rng(0)

    def video():
        start, turn = rng.integers(9), rng.choice([1, 2])
        steps = (start + turn * np.arange(20)) % 9
        return rng.permutation(steps).tolist() if shuffle else steps.tolist()

    model = MarkovPlanner(num_classes=9, horizon=8, order=2)
    train = [video() for _ in range(40)]
    model.count(train)
    tests = [steps for _ in range(10) for steps in [video()]]
    past = [torch.tensor(steps[:done]) for steps in tests for done in range(1, 12)]
    future = np.array([steps[done:done + 8] for steps in tests for done in range(1, 12)])
    uniforms = keyed_uniforms(0, [str(number) for number in range(len(past))], (5, 8))
    prior = np.broadcast_to(constant_logits(np.array(train), 9, 8)['prior'], (len(past), 8, 9))
    return [planning_scores(best_distances(draw_sequences(logits, uniforms), future))['1-AUED']
            for logits in (model.log_probabilities(past).numpy(), prior)]


def test_planner_beats_the_prior_where_there_is_an_order():
    ours, prior = score_on_cycles(shuffle=False)
    assert ours > 0.7 and prior < 0.45


def test_planner_gains_nothing_where_there_is_none():
    ours, prior = score_on_cycles(shuffle=True)
    assert abs(ours - prior) < 0.04


def test_training_by_gradients_is_refused(rows):
    with pytest.raises(ConfigError, match=r"train_cfg.type: expected 'CountingLoop'.*Set train_cfg"):
        planner()(data_samples=rows(VIDEOS[0]), mode='loss')


@pytest.mark.parametrize(('options', 'text'), [
    (dict(order=4), 'MarkovPlanner, order: expected 0, 1, 2 or 3, found 4'),
    (dict(discount=1.0), 'MarkovPlanner, discount: expected at least 0 and below 1, found 1.0'),
    (dict(num_joint=-1), 'MarkovPlanner, num_joint: expected at least 0, found -1'),
    (dict(joint_temperature=0), 'MarkovPlanner, joint_temperature: expected above 0, found 0'),
])
def test_wrong_numbers_are_named(options, text):
    with pytest.raises(ConfigError, match=text):
        MODELS.build(dict(type='MarkovPlanner', **options))
