"""Sphinx settings of the documentation; built by ``make docs``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / '_extensions'))

project = 'egoexo'
author = 'the egoexo authors'
extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'sphinx.ext.viewcode', 'room']
myst_enable_extensions = ['colon_fence', 'deflist']
myst_heading_anchors = 3
exclude_patterns = ['_build']
html_theme = 'furo'
html_title = 'egoexo'

# The reference is made from the docstrings while the pages are built (_extensions/room.py).
autodoc_default_options = {'members': True, 'show-inheritance': True, 'member-order': 'bysource'}
autodoc_typehints = 'none'  # the docstrings state types, with shapes and units
toc_object_entries_show_parents = 'hide'
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = ['Required Keys', 'Modified Keys', 'Added Keys']
