import sys

import pytest
from tests_support import REPO
from walkthrough import follow


@pytest.fixture
def page(tmp_path):
    def write(*blocks):
        path = tmp_path / 'page.md'
        path.write_text('\n\n'.join(['# A page', *blocks]), encoding='utf-8')
        return path
    return write


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / 'folder'
    path.mkdir()
    return path


def fence(info, *lines):
    return '\n'.join([f'```{info}', *lines, '```'])


def test_files_are_written_before_the_next_block_and_outputs_returned(page, folder):
    file = fence('{code-block} python', ':caption: pack/add.py', ':linenos:', '', 'import sys', '', 'print(1 + 1)')
    outputs = follow(page(file, fence('bash', 'python pack/add.py', 'echo oh >&2'), fence('bash', 'ls pack')), folder)
    assert outputs == ['2\noh\n', 'add.py\n']
    assert (folder / 'pack/add.py').read_text() == 'import sys\n\nprint(1 + 1)\n'


def test_later_file_replaces_an_earlier_one(page, folder):
    first, second = (fence('{code-block} text', ':caption: a.txt', '', word) for word in ('one', 'two'))
    assert follow(page(first, fence('bash', 'cat a.txt'), second, fence('bash', 'cat a.txt')), folder) == [
        'one\n', 'two\n']


def test_a_failing_block_names_its_command_and_output(page, folder):
    with pytest.raises(AssertionError, match=r'(?s)exit code 3 of\necho before; exit 3\n.*before'):
        follow(page(fence('bash', 'echo before; exit 3')), folder)


@pytest.mark.parametrize('line', ['false | cat', 'echo $unset_name', 'false; echo after'])
def test_no_failure_is_passed_over(page, folder, line):
    with pytest.raises(AssertionError, match='exit code 1'):
        follow(page(fence('bash', line)), folder)


def test_blocks_of_other_kinds_are_no_steps(page, folder):
    others = [fence('python', 'import nothing'), fence('text', 'output'), fence('', 'bare'), fence('console', '$ ls'),
              fence('{code-block} python', 'import nothing'), fence('bash', '# not run here', 'exit 1')]
    assert follow(page(*others, fence('bash', 'ls')), folder) == ['configs\ntools\n']


@pytest.mark.parametrize('caption', ['../out.txt', '/out.txt', 'tools/out.txt'])
def test_captions_stay_in_the_folder(page, folder, caption):
    with pytest.raises(AssertionError, match=f'the caption {caption} leaves the folder'):
        follow(page(fence('{code-block} text', f':caption: {caption}', '', 'x'), fence('bash', 'true')), folder)
    assert not (REPO / 'tools/out.txt').exists()


def test_environment_is_the_readers(page, folder, monkeypatch):
    monkeypatch.setenv('PYTHONPATH', '/somewhere')
    block = 'python -c "import sys; print(sys.prefix)"; echo ${PYTHONPATH-unset}; test tools -ef $REPOSITORY/tools'
    monkeypatch.setenv('REPOSITORY', str(REPO))
    assert follow(page(fence('bash', block)), folder) == [f'{sys.prefix}\nunset\n']


def test_blocks_share_files_but_not_variables(page, folder):
    blocks = fence('bash', 'export WORD=here; touch kept'), fence('bash', 'ls kept; echo ${WORD-gone}')
    assert follow(page(*blocks), folder) == ['', 'kept\ngone\n']


def test_replacements_reach_files_and_commands_and_must_be_used(page, folder):
    blocks = fence('{code-block} text', ':caption: a.txt', '', 'big'), fence('bash', 'cat a.txt; echo big')
    assert follow(page(*blocks), folder, {'big': 'small'}) == ['small\nsmall\n']
    with pytest.raises(AssertionError, match=r"nothing to replace for \['huge'\]"):
        follow(page(*blocks), folder, {'huge': 'small'})


def test_a_page_without_steps_is_refused(page, folder):
    with pytest.raises(AssertionError, match=r'page\.md has no bash block to run'):
        follow(page('only words'), folder)
