"""What is counted of frames as they stream by: activity, copies, levels of subjects.

Never: all frames at once, or a decision on what the counts mean for a model.
"""
