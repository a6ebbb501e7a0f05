"""The page on which a person moves action units and sees what the model makes of them."""
