"""Learning-rate rules that MMEngine lacks."""
