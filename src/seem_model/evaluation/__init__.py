"""Evaluations of a checkpoint: whole images and phrases; clicks are in ``seem_model.evaluate``."""
