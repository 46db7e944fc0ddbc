"""Configs of the benchmark `transfer` on pictures and on video."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from geonet_support import write_geonet_root
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from tests_support import REPO
from transfer_support import write_ego2exo_root
from video_support import write_video

from egoexo.apis import load_config
from egoexo.apis.class_counts import settle_class_counts
from egoexo.registry import DATASETS, MODELS
from tools import train

FOLDER = REPO / 'configs/transfer'
PICTURES = sorted(FOLDER.glob('vit_image_*.py'))
VIDEOS = sorted(FOLDER.glob('timesformer_video_*.py'))
TEXTS = sorted(FOLDER.glob('minilm_text_geo*.py'))
by_name = pytest.mark.parametrize('path', [*PICTURES, *VIDEOS, *TEXTS], ids=lambda path: path.stem)
TINY_VIT = dict(model_type='vit', hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                image_size=224, patch_size=56)
TINY_TIMESFORMER = dict(img_size=224, patch_size=56, embed_dim=16, depth=1, num_heads=2, checkpoint=None)


def domains_of(path: Path) -> tuple[str, str | None]:
    """Source and target that the name of a config tells."""
    source, _, target = path.stem.split('-')[1].partition('2')
    return source, target or None


def lists(dataset: dict, key: str = 'datasets') -> list[tuple[str, str, str]]:
    return [(item.get('domain') or item['view'], item['split'], item.get('labels', 'true'))
            for item in dataset.get(key, [])]


def other_of(domain: str) -> str:
    return dict(usa='asia', asia='usa', ego='exo', exo='ego')[domain]


@by_name
def test_config_is_short_and_says_what_its_name_says(path: Path) -> None:
    config, text = load_config(path), path.read_text().splitlines()
    assert len(text) <= 15 and max(map(len, text)) <= 120
    source, target = domains_of(path)
    dataset = config.train_dataloader.dataset
    assert lists(dataset) == [(source, 'train', 'true')]
    kind = path.stem.split('-')[-1]
    wanted = dict(lagtran='pseudo', supervised='true').get(kind)
    assert lists(dataset, 'target_datasets') == ([(target, 'train', wanted)] if target else [])
    assert dataset.type == ('DomainPairDataset' if target else 'ConcatSubsets')
    assert bool(target) == bool(config.model.get('supervise_target'))
    assert config.model.get('joint_forward', True) == (kind != 'supervised')
    if path in TEXTS:
        assert config.param_scheduler.end == config.train_cfg.max_iters == 15000
        assert lists(config.val_dataloader.dataset) == [(other_of(source), 'train', 'true')]
        return
    best = config.default_hooks.checkpoint.save_best
    assert best == [f'{target or other_of(source)}_val/top1', f'{source}_val/top1']
    assert {item[:2] for item in lists(config.val_dataloader.dataset)} == {(source, 'val'), (other_of(source), 'val')}
    assert (config.train_cfg.max_iters, config.train_cfg.val_interval) == (65001, 5000)


@by_name
def test_files_of_the_dataset_that_the_name_says(path: Path) -> None:
    config = load_config(path)
    name = path.stem.split('_')[2].split('-')[0]
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        assert loader.dataset.ann_file == f'metadata/{name}.json'
    source, target = domains_of(path)
    for item in config.train_dataloader.dataset.get('target_datasets', []):
        if item.get('labels') == 'pseudo':
            assert item.pseudo_labels == f'pseudo_labels/{name}_{source}_{target}.txt'


def test_rates_of_head_and_encoder() -> None:
    config = load_config(VIDEOS[0])
    settle_class_counts(config, classes=range(24))
    config.model.encoder.update(TINY_TIMESFORMER)
    config.model.head.feat_size = [16, 8]
    model = MODELS.build(config.model)
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    rates = {name: group['lr'] for (name, _), group in zip(model.named_parameters(), groups, strict=True)}
    assert {rate for name, rate in rates.items() if name.startswith('head.')} == {0.03}
    assert {rate for name, rate in rates.items() if name.startswith('encoder.')} == {0.003}


@pytest.mark.parametrize(('path', 'size'), [(VIDEOS[0], 768)], ids=['timesformer'])
def test_published_network(path: Path, size: int) -> None:
    config = load_config(path)
    settle_class_counts(config, classes=range(24))
    config.model.encoder.checkpoint = None
    with torch.device('meta'):
        model = MODELS.build(config.model)
    assert sum(parameter.numel() for parameter in model.encoder.parameters()) == 121_258_752
    assert model.head.in_channels == size == model.encoder.out_channels


@pytest.fixture(scope='module')
def geonet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_geonet_root(tmp_path_factory.mktemp('geonet'))
    for path in [root / 'metadata/geoimnet.json', *(root / 'pseudo_labels').iterdir()]:
        shutil.copy(path, path.with_name(path.name.replace('geoimnet', 'geoplaces')))
    return root


@pytest.fixture(scope='module')
def ego2exo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'), num_classes=5, per_class=2)
    content = json.loads((root / 'metadata/ego2exo.json').read_text())
    video = write_video(root / 'any.mp4', 300, fps=15.0)
    (root / 'pseudo_labels').mkdir()
    for source, target in (('ego', 'exo'), ('exo', 'ego')):
        for split in ('train', 'val'):
            for clip in content[f'{target}_{split}']['clips']:
                (root / clip['video_file_name']).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(video, root / clip['video_file_name'])
        (root / f'pseudo_labels/ego2exo_{source}_{target}.txt').write_text(''.join(
            f'{row["segment_id"]} {row["category"]}\n' for row in content[f'{target}_train']['annotations']))
    return root


@pytest.mark.parametrize('path', [*PICTURES, *VIDEOS], ids=lambda path: path.stem)
def test_datasets_open_the_layout(path: Path, geonet: Path, ego2exo: Path) -> None:
    config = load_config(path)
    shape = (3, 8, 224, 224) if path in VIDEOS else (3, 224, 224)
    for loader in (config.train_dataloader, config.val_dataloader):
        loader.dataset.data_root = str(ego2exo if path in VIDEOS else geonet)
        dataset = DATASETS.build(loader.dataset)
        assert dataset[0]['inputs'].shape == shape
        if 'target_datasets' in loader.dataset:
            assert dataset[len(dataset)]['inputs'].shape == shape
            assert dataset[len(dataset)]['data_samples'].view == domains_of(path)[1]


def tiny(path: Path, folder: Path, **changes: object) -> Path:
    """A config over a released one, with a small network, small batches and few iterations."""
    encoder = dict(_delete_=True, type='HFImageEncoder', name=TINY_VIT) if path in PICTURES else TINY_TIMESFORMER
    loader = dict(num_workers=0, persistent_workers=False)
    config = dict(
        _base_=str(path), model=dict(encoder=encoder, head=dict(feat_size=[16, 32])),
        train_dataloader=dict(loader, batch_size=6, batch_sampler=dict(target_batch_size=6)),
        val_dataloader=dict(loader, batch_size=8), test_dataloader=dict(loader, batch_size=8),
        default_hooks=dict(checkpoint=dict(interval=100)), **changes)
    Config(config).dump(folder / 'tiny.py')
    return folder / 'tiny.py'


def run(path: Path, folder: Path, root: Path, iterations: int) -> dict[str, float]:
    """Train; returns the last validation."""
    config = tiny(path, folder, train_cfg=dict(max_iters=iterations, val_interval=iterations))
    loaders = [f'{split}_dataloader.dataset.data_root={root}' for split in ('train', 'val', 'test')]
    train.main([str(config), '--work-dir', str(folder / 'work'), '--cfg-options', 'log_level=ERROR', *loaders])
    scalars = next((folder / 'work').glob('*/vis_data/scalars.json')).read_text().splitlines()
    return json.loads(scalars[-1])


@pytest.mark.slow
def test_lagtran_on_pictures_learns_both_domains(geonet: Path, tmp_path: Path) -> None:
    found = run(FOLDER / 'vit_image_geoimnet-usa2asia-lagtran.py', tmp_path, geonet, iterations=30)
    assert found['asia_val/top1'] > 50 and found['usa_val/top1'] > 50  # chance: 16.7
    assert (tmp_path / 'work/best.pth').exists()


@pytest.mark.slow
def test_lagtran_on_video_runs(ego2exo: Path, tmp_path: Path) -> None:
    found = run(FOLDER / 'timesformer_video_ego2exo-exo2ego-lagtran.py', tmp_path, ego2exo, iterations=2)
    assert {'ego_val/top1', 'ego_val/top5', 'exo_val/mean_class_acc'} <= set(found)


@pytest.mark.slow
def test_text_phase_labels_the_target(geonet: Path, tmp_path: Path) -> None:
    config = Config(dict(
        _base_=str(FOLDER / 'minilm_text_geoimnet-usa.py'),
        model=dict(encoder=dict(_delete_=True, type='TfidfEncoder', min_df=1, dim=32),
                   head=dict(_delete_=True, type='LinearHead', feat_size='encoder', num_classes='dataset')),
        train_dataloader=dict(batch_size=12), train_cfg=dict(max_iters=40, val_interval=40),
        default_hooks=dict(checkpoint=dict(interval=100))))
    config.dump(tmp_path / 'text.py')
    loaders = [f'{split}_dataloader.dataset.data_root={geonet}' for split in ('train', 'val', 'test')]
    train.main([str(tmp_path / 'text.py'), '--work-dir', str(tmp_path / 'work'), '--cfg-options', 'log_level=ERROR',
                *loaders])
    target = DATASETS.build(dict(
        type='GeoNetDataset', domain='asia', data_root=str(geonet), ann_file='metadata/geoimnet.json', labels='pseudo',
        pseudo_labels=str(tmp_path / 'work/pseudo_labels.txt')))
    assert target.labels.tolist() == DATASETS.build(dict(
        type='GeoNetDataset', domain='asia', data_root=str(geonet), ann_file='metadata/geoimnet.json')).labels.tolist()
