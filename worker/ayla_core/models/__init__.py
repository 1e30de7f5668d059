"""Models: functions of an input with parameters to fit, each trial with its own."""
