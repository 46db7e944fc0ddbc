"""Packaging of egoexo: the library plus its configs, tools and model index under ``egoexo/.mim``."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SHIPPED = ('configs', 'tools', 'model-index.yml')


def read_version() -> str:
    """Version string from ``egoexo/version.py`` without importing the package."""
    scope = (ROOT / 'egoexo' / 'version.py').read_text(encoding='utf-8')
    return next(line.split("'")[1] for line in scope.splitlines() if line.startswith('__version__'))


def read_requirements(name: str) -> list[str]:
    """Names in ``requirements/<name>.txt``; comments and blank lines are dropped."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith('#')]


class BuildWithConfigs(build_py):
    """Copy configs, tools and the model index into the wheel; an editable install reads them from the clone."""

    def run(self) -> None:
        """Build, then copy unless the install is editable."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / 'egoexo' / '.mim'
        shutil.rmtree(target, ignore_errors=True)
        for name in SHIPPED:
            source = ROOT / name
            destination = target / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, destination, ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
            else:
                shutil.copy2(source, destination)


setup(
    name='egoexo',
    version=read_version(),
    description='One toolbox for every ego-exo benchmark: official files, official metrics, one config each',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=find_packages(include=['egoexo', 'egoexo.*']),
    package_data={'egoexo': ['mini/*.npz', 'visualization/templates/*']},
    # mmengine, mmcv-lite and mmaction2 are a second step, --no-deps: see requirements/openmmlab.txt.
    install_requires=read_requirements('runtime'),
    extras_require={name: read_requirements(name) for name in ('tests', 'lint', 'docs', 'text', 'tracking', 'ego4d')},
    cmdclass={'build_py': BuildWithConfigs},
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3.11',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
