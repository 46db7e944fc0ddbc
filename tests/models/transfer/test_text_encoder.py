import torch

from egoexo.models.transfer import TextEncoder


class Lengths(TextEncoder):
    def forward(self, texts):
        return torch.tensor([[float(len(text))] for text in texts], device=self.device)


def test_device_follows_the_model_and_leaves_no_trace():
    encoder = Lengths(dim=1)
    assert encoder.device.type == 'cpu'
    assert encoder.to('meta').device.type == 'meta'
    assert not encoder.state_dict()


def test_learning_and_working_ahead_are_optional():
    encoder = Lengths(dim=1)
    assert encoder.fit_texts(['cut']) is encoder.prepare(['cut']) is None
    assert encoder(['cut', '']).tolist() == [[3.0], [0.0]]
