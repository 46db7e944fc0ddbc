"""Scoring of saved predictions without model, data set or torch; one module per benchmark."""
