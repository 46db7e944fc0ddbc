"""Random streams and identifiers of EgoExo-Mini; a draw depends on nothing but (seed, uid, purpose)."""

import uuid
import zlib

import numpy as np

__all__ = ['make_uid', 'rng']

_NAMESPACE = uuid.UUID('5f1d7c1a-0e60-5d1b-9c8e-0a4d6c2b7e11')


def rng(seed: int, uid: str, purpose: str) -> np.random.Generator:
    """Generator for one purpose of one video, the same in every process and order.

    Args:
        seed (int): Seed of the world.
        uid (str): Video or take identifier.
        purpose (str): What is drawn, e.g. ``'steps'``.

    Returns:
        np.random.Generator: Seeded with the CRC-32 of ``seed|uid|purpose``.
    """
    return np.random.default_rng(zlib.crc32(f'{seed}|{uid}|{purpose}'.encode()))


def make_uid(seed: int, population: str, index: int) -> str:
    """Version-5 UUID of a video, so that official UUID parsers accept it.

    Args:
        seed (int): Seed of the world.
        population (str): Name of the series, e.g. ``'A-ego'``.
        index (int): Number inside the series.

    Returns:
        str: Lower-case UUID text.
    """
    return str(uuid.uuid5(_NAMESPACE, f'{seed}|{population}|{index}'))
