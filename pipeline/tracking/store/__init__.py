"""The MLflow store: connection, recorded runs, logged models, relocation.

Never: a second way to connect.
"""
