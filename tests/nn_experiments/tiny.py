"""A comparison that takes seconds: synthetic images, a linear model, two trainings of each."""

PRESET = """
title = "Tiny"
seeds = [0, 1]
gradient_energy = true

[data]
name = "synthetic"
train_images = 60
test_images = 40

[model]
name = "linear"

[[optimizers]]
name = "SGD"
learning_rate = 0.1

[[optimizers]]
name = "Adam"
learning_rate = 0.001

[training]
epochs = 3
milestones = [2]
batch_size = 20
flips = false

[robustness]
gaussian = ["0.01"]
l2 = ["0.5"]
linf = ["0.03"]
attacks = "apgd"
engine = "batched"
images = 4

[frequency]
bands = 4
noises = 2
images = 30
thresholds = [50]
filters = ["frequency"]
"""
