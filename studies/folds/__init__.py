"""Ask whether the score holds in every fold of people, and the network is worth its trouble."""
