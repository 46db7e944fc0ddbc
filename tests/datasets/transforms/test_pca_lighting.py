import numpy as np

from egoexo.datasets.transforms import PCALighting


def shift(order: str, seed: int = 0, **options: object) -> np.ndarray:
    np.random.seed(seed)  # noqa: NPY002
    return PCALighting(**options)(dict(channel_order=order))['lighting']


def test_first_component() -> None:
    np.random.seed(0)  # noqa: NPY002
    strength = np.random.normal(0, 0.1, 3)  # noqa: NPY002
    red = -0.5675 * 0.225 * strength[0] + 0.7192 * 0.224 * strength[1] + 0.4009 * 0.229 * strength[2]
    assert np.isclose(shift('rgb')[0], red, rtol=1e-6)


def test_channels_are_those_of_the_frames() -> None:
    assert np.array_equal(shift('bgr'), shift('rgb')[::-1])
    assert shift('bgr').dtype == np.float32 and shift('bgr').flags.c_contiguous


def test_strength() -> None:
    assert not shift('bgr', std=0).any()
    assert np.abs([shift('rgb', seed) for seed in range(50)]).mean() < 0.05
