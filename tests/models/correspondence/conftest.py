import logging

import pytest
from mmengine.logging import MMLogger


@pytest.fixture()
def said(request: pytest.FixtureRequest) -> list[str]:
    """Messages of the current MMEngine logger."""
    messages: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: messages.append(record.getMessage())
    MMLogger.get_instance(request.node.nodeid, logger_name=request.node.name).addHandler(handler)
    return messages
