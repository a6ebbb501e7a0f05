"""Models that a network must beat, and what every model is called.

The rule without its gate is that of `pipeline.data.labels.facs_rules`.
"""

# In every table, figure and report.
NETWORK = "network"
RULE = "rule without gate"
LOGISTIC = "logistic regression"
CONSTANT = "constant"
# Where people's own levels are taken out: the network fed as if nobody were known, and a
# regression that learned from what is not calibrated.
UNKNOWN_PEOPLE = "network with people unknown"
UNCALIBRATED = "uncalibrated logistic regression"
