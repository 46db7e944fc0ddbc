import pytest
from mmengine.config import Config
from toy_run import write_toy_config

from tools.analysis import print_config


def test_prints_a_config_that_loads_again(tmp_path, capsys):
    config = write_toy_config(tmp_path)
    print_config.main([str(config), '--cfg-options', 'model.hidden=9', '+extra.value=[1,2]'])
    again = Config.fromstring(capsys.readouterr().out, '.py')
    assert again.model.hidden == 9 and again.extra.value == [1, 2]
    assert again.train_cfg.to_dict() == {'type': 'SeededEpochLoop', 'max_epochs': 4, 'val_interval': 1}


def test_missing_file_ends_with_the_nearest_name(tmp_path, capsys):
    config = write_toy_config(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        print_config.main([str(config.with_name('tooy.py'))])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith('ConfigError: Config file') and f'Nearest: {config}' in error
