"""A trained network as its file holds it, run with NumPy. Never: TensorFlow."""
