"""What the benchmarks of a model in use share: the model, bodies of requests, clients."""
