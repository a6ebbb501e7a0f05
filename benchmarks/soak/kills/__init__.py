"""Stages that are killed, and copies of the project in which all must end as undisturbed."""
