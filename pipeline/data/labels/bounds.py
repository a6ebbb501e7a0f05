"""From how many positives an emotion can be learned or judged, and when two emotions are one."""

LEARNED_FROM = 10  # positives in training; of fewer, little more than single rows is learned
JUDGED_FROM = 5  # positives, and negatives, among test rows; of fewer, scores are chance
ALIKE = 0.95  # emotions whose labels correlate more are nearly one
