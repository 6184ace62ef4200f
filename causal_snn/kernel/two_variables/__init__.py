"""Effects of neurons whose micro state has two variables, as potential and adaptation."""
