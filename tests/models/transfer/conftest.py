import pytest


@pytest.fixture(scope='package')
def tiny_bert(tmp_path_factory):
    """Folder of a BERT of a few thousand parameters; treat it as read-only."""
    pytest.importorskip('transformers')
    from models.transfer.text_support import save_tiny_model
    return save_tiny_model(tmp_path_factory.mktemp('models') / 'tiny-bert')
