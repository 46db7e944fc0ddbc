from dataclasses import replace

import numpy as np

from egoexo.mini.camera import ego_camera, static_exo_cameras, video_camera
from egoexo.mini.render import (
    BODY_ID,
    DISTRACTOR_ID,
    HAND_IDS,
    SIDE_SHADE,
    WELL_SHADE,
    iter_frames,
    render_frames,
    render_ids,
)
from egoexo.mini.vocabulary import OBJECTS


def _hit(ids, pixels, accepted):
    """Whether a pixel within 1 px of each point has one of the ids."""
    height, width = ids.shape
    found = np.zeros(len(pixels), bool)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            x, y = np.rint(pixels + np.array([dx, dy])).astype(int).T
            found |= np.isin(ids[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], accepted)
    return found


def _hand_hits(state, camera, ids, frames, accepted):
    hits = []
    pixels, depth = camera.project(state.hands)
    size = np.array([camera.width, camera.height])
    for row, frame in enumerate(frames):
        for hand in (0, 1):
            inside = ((pixels[frame, hand] >= 0) & (pixels[frame, hand] <= size - 1)).all(1)
            inside &= depth[frame, hand] > .06
            hits.append(_hit(ids[row], pixels[frame, hand][inside], accepted[hand]))
    return np.concatenate(hits).mean()


def _ids(state, camera, frames):
    return np.stack([render_ids(state, camera, frame, frame + 1)[0] for frame in frames])


def test_hand_joints_lie_on_the_hand_in_ego_and_mostly_in_exo(ego_states, exo_states, preset):
    shares = {}
    for view, states in (('ego', ego_states[::9]), ('exo', exo_states[::6])):
        shares[view] = []
        for state in states:
            camera, frames = video_camera(state, preset), range(0, state.num_frames, 25)
            shares[view].append(_hand_hits(state, camera, _ids(state, camera, frames), frames, HAND_IDS))
    assert min(shares['ego']) > 0.9
    # Objects and boxes on the counter stand between hands and cameraman.
    assert np.mean(shares['exo']) > 0.75


def test_with_nothing_else_in_the_kitchen_every_joint_lies_on_a_hand(ego_states, exo_states, preset):
    for state in (ego_states[1], exo_states[1]):
        away = np.full_like(state.object_position, -50.0)
        bare = replace(state, object_position=away, distractor_position=state.distractor_position - 50)
        camera, frames = video_camera(bare, preset), range(0, state.num_frames, 25)
        assert _hand_hits(bare, camera, _ids(bare, camera, frames), frames, (HAND_IDS, HAND_IDS)) >= 0.99


def test_the_nose_is_inside_the_head_in_exo_pictures(takes, preset):
    hits = []
    for state in takes[:4]:
        for camera in static_exo_cameras(state, preset):
            frames = range(0, state.num_frames, 60)
            pixels = camera.project(state.joints[:, :1])[0][list(frames), 0]
            inside = ((pixels >= 0) & (pixels <= (camera.width - 1, camera.height - 1))).all(1)
            ids = _ids(state, camera, frames)
            hits += [_hit(ids[row], pixels[row:row + 1], (BODY_ID,))[0] for row in np.flatnonzero(inside)]
    assert len(hits) > 40
    assert np.mean(hits) > 0.98


def test_colours_inside_the_masks_are_those_of_the_objects(ego_states, exo_states, preset):
    errors = []
    for state in (*ego_states[::12], *exo_states[::12]):
        camera = video_camera(state, preset)
        factor = camera.gain * np.array(camera.cast)
        for frame in range(0, state.num_frames, 200):
            picture = render_frames(state, camera, frame, frame + 1)[0]
            ids = render_ids(state, camera, frame, frame + 1)[0]
            for k, name in enumerate(state.object_names):
                mask = ids == OBJECTS[name].instance_id
                if mask.sum() >= 60:
                    color = np.clip(state.style.object_colors[k] * factor, 0, 255)
                    median = np.median(picture[mask], axis=0)
                    # A mask shows the top, the side or the inside of a solid most.
                    errors.append(min(np.abs(median - shade * color).max() for shade in (1, SIDE_SHADE, WELL_SHADE)))
    assert len(errors) > 150
    assert np.mean(np.array(errors) <= 10) > 0.97


def test_background_colours_fill_exactly_what_no_mask_covers(ego_states, preset):
    state = ego_states[2]
    camera = ego_camera(state, preset)
    picture, ids = render_frames(state, camera, 0, 1)[0], render_ids(state, camera, 0, 1)[0]
    empty = replace(state, object_position=np.full_like(state.object_position, -50.0), hands=state.hands - 50,
                    wrists=state.wrists - 50, joints=state.joints - 50,
                    distractor_position=state.distractor_position - 50)
    background = render_frames(empty, camera, 0, 1)[0]
    assert not render_ids(empty, camera, 0, 1).any()
    changed = (picture.astype(int) != background).any(-1)
    # Edges are anti-aliased in one picture only.
    assert (changed == (ids > 0)).mean() > 0.95
    assert changed[ids > 0].mean() > 0.97


def test_ids_are_the_documented_ones(takes, preset):
    state = takes[2]
    allowed = {0, BODY_ID, *HAND_IDS, *(OBJECTS[name].instance_id for name in state.object_names),
               *range(DISTRACTOR_ID, DISTRACTOR_ID + len(state.distractor_position))}
    for camera in (ego_camera(state, preset), *static_exo_cameras(state, preset)):
        ids = render_ids(state, camera, 0, 5)
        assert ids.shape == (5, camera.height, camera.width) and ids.dtype == np.uint8
        assert set(np.unique(ids)) <= allowed
        assert {BODY_ID} < set(np.unique(ids))


def test_objects_are_visible_in_both_views_about_as_often_as_designed(takes, preset):
    both, total = 0, 0
    for state in takes[:6]:
        cameras = [ego_camera(state, preset), *static_exo_cameras(state, preset)[1::2]]
        frames = range(0, state.num_frames, 60)
        values = np.array([OBJECTS[name].instance_id for name in state.object_names])
        seen = np.stack([(_ids(state, camera, frames)[..., None] == values).sum((1, 2)) >= 8 for camera in cameras])
        both += (seen[0] & seen[1]).sum() + (seen[0] & seen[2]).sum()
        total += 2 * seen[0].size
    assert .4 < both / total < .8


def test_hands_hide_what_they_hold_and_pieces_are_smaller(ego_states, preset):
    state = ego_states[0]
    camera = ego_camera(state, preset)
    k = next(index for index in range(len(state.object_names)) if state.object_cut[:, index].any())
    frame = int(np.argmax(state.object_cut[:, k])) + 1
    value = OBJECTS[state.object_names[k]].instance_id
    alone = replace(state, hands=state.hands - 50)
    whole = replace(alone, object_cut=np.zeros_like(state.object_cut))
    areas = [(render_ids(world, camera, frame, frame + 1) == value).sum() for world in (state, alone, whole)]
    assert areas[0] <= areas[1] < areas[2]


def test_a_tremor_of_a_centimetre_changes_the_picture(ego_states, preset):
    state = ego_states[3]
    camera = ego_camera(state, preset)
    moved = replace(state, hands=state.hands + np.array([.004, 0, 0]))
    first, second = (render_frames(world, camera, 40, 41)[0].astype(int) for world in (state, moved))
    assert np.abs(first - second).sum() > 200


def test_blocks_join_to_the_whole_and_frames_do_not_depend_on_the_block(exo_states, preset):
    state = exo_states[0]
    camera = video_camera(state, preset)
    short = replace(state, num_frames=50)
    blocks = list(iter_frames(short, camera, block=16))
    assert [len(block) for block in blocks] == [16, 16, 16, 2]
    frames = np.concatenate(blocks)
    np.testing.assert_array_equal(frames[40:44], render_frames(state, camera, 40, 44))
    assert frames.dtype == np.uint8 and frames.shape == (50, 90, 160, 3)
