#!/usr/bin/env python
"""Print a config with its bases and options resolved, after checking it."""

import argparse
from collections.abc import Sequence

from mmengine.config import DictAction

from egoexo.apis import cli
from egoexo.apis.config import load_config


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> str:
    """Print a config.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        str: The text that was printed; valid Python, loads as a config.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='change values by dotted path; +KEY=VALUE adds a new one')
    args = parser.parse_args(argv)
    text = load_config(args.config, args.cfg_options).pretty_text
    print(text)
    return text


if __name__ == '__main__':
    main()
