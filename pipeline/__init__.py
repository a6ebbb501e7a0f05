"""Turn OpenFace action units into a trained, tracked and evaluated emotion model."""
