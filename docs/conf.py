"""Sphinx settings of the documentation; built by ``make docs``."""

project = 'egoexo'
author = 'the egoexo authors'
extensions = ['myst_parser']
myst_enable_extensions = ['colon_fence']
myst_heading_anchors = 3
exclude_patterns = ['_build']
html_theme = 'furo'
html_title = 'egoexo'
