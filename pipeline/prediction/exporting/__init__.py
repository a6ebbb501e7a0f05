"""Write a trained model as ONNX, LiteRT or SavedModel, and check the files by running them.

Never: a file that does not give what the network gives.
"""
