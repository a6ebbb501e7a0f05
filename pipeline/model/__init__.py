"""The network: run with NumPy here, trained with TensorFlow in `training`."""
