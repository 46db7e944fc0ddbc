import base64
import re

from matplotlib.figure import Figure

from egoexo.visualization.report_parts import Section, embed_png, embed_svg


def figure():
    made = Figure(figsize=(2, 1))
    made.add_axes((0, 0, 1, 1)).set_title('loss < 1 & more')
    return made


def test_png_holds_its_own_data():
    html = embed_png(figure(), 'a "quoted" <name>', dpi=100)
    alt, data = re.fullmatch(r'<img alt="(.*)" src="data:image/png;base64,(.*)">', html).groups()
    assert alt == 'a &#34;quoted&#34; &lt;name&gt;'
    assert base64.b64decode(data)[:8] == b'\x89PNG\r\n\x1a\n'


def test_svg_has_real_text_and_is_the_same_twice():
    svg = embed_svg(figure(), 'one')
    assert svg.startswith('<svg')
    assert 'loss &lt; 1 &amp; more' in svg
    assert svg == embed_svg(figure(), 'one')
    assert '<metadata>' not in svg


def test_anchor():
    assert Section('Inputs and what was left out', []).anchor == 'inputs-and-what-was-left-out'
