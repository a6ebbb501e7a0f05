"""Tell by the number of people, and of a person's own clips, what more recordings bring."""
