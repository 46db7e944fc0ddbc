"""What every run shares: hooks, checkpoints, logs, seeds and the environment."""
default_scope = 'egoexo'

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # Any iteration draws the same numbers in a resumed run as in an uninterrupted one.
    counter_seed=dict(type='CounterSeedHook'),
    # Weights of adaptation losses that grow follow the iterations of the run.
    adaptation_progress=dict(type='AdaptationProgressHook'),
    # A line with the time left every 50 iterations, and after 10 s of silence in training, validation and test.
    logger=dict(type='ProgressLoggerHook', interval=50, max_silence_sec=10.0),
    bounded_log=dict(type='BoundedLogHook', max_length=10_000),
    nan_guard=dict(type='NaNGuardHook'),
    # <work_dir>/inputs.json: what each list holds, what was left out and why; shown by the report.
    input_report=dict(type='InputReportHook'),
    # Refuses a checkpoint of another model or data set, which MMEngine would load in part.
    resume_guard=dict(type='ResumeGuardHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sync_norm_buffers=dict(type='SyncNormBuffersHook'),
    # Written atomically; best.pth points to the best one when a config names save_best (validation only, never test).
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=2),
    # SIGUSR1 or SIGTERM (Slurm before the time limit): save after the current iteration, end with exit code 75.
    preemption=dict(type='PreemptionHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Without CUDA gloo is used whatever is written here. A rank that hangs ends the run after `timeout` seconds.
    dist_cfg=dict(backend='nccl', timeout=1800),
)

# Scalars go to <work_dir>/<time>/vis_data/*.json. To watch a run with TensorBoard or Weights & Biases as well, install
# one (pip install -c constraints.txt tensorboard, or wandb) and put into a config that inherits this one:
#   visualizer = dict(vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])
#   visualizer = dict(vis_backends=[dict(type='LocalVisBackend'),
#                                   dict(type='WandbVisBackend', init_kwargs=dict(project='egoexo'))])
# For one run: --cfg-options visualizer.vis_backends.0.type=TensorboardVisBackend (instead of the json file).
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
log_processor = dict(type='LogProcessor', window_size=10, by_epoch=True)
log_level = 'INFO'

randomness = dict(seed=0, deterministic=False)
load_from = None
resume = False
